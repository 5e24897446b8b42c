package io.caracal.demo;

/**
 * One thing that the demo tries.
 *
 * @param name       stable, for scripts.
 * @param title      what is tried, for people.
 * @param underneath half a sentence on what happens underneath.
 * @param minPackets how many packets Java, or its flow cache, must have seen, or the kernel took a short cut.
 * @param body       what is done.
 */
record DemoStep(String name, String title, String underneath, long minPackets, Body body) {

    /** What a step does. Anything it throws is a failed step. */
    interface Body {
        /** Tries it on the calling thread. */
        Outcome run(Scene scene) throws Exception;
    }
}
