package io.caracal.worker;

import java.util.Locale;

/** What a worker counts once, whatever the direction: each has a label for metrics and a sentence for people. */
public enum WorkerCounter {
    /** See {@link #sentence()}. */
    CYCLES("burst cycles that found work"),
    /** See {@link #sentence()}. */
    IDLE_CYCLES("burst cycles that found nothing to do"),
    /** See {@link #sentence()}. */
    LOCALLY_MADE("packets that a stage added to a burst: ARP replies, ICMP errors, packets it had held"),
    /** See {@link #sentence()}. */
    HELD("packets that a stage kept for later"),
    /** See {@link #sentence()}. */
    COMMANDS("commands of other threads that were run"),
    /** See {@link #sentence()}. */
    COMMANDS_FAILED("commands of other threads that threw"),
    /** See {@link #sentence()}. */
    FAILURES("times the worker threw, had its frames recovered and started again"),
    /** See {@link #sentence()}. */
    FRAMES_RECOVERED("frames recovered after such failures"),
    /** See {@link #sentence()}. */
    STALLS("burst cycles that took longer than the stall threshold"),
    /** See {@link #sentence()}. */
    CYCLE_MAX_NS("longest burst cycle so far, in nanoseconds"),
    /** See {@link #sentence()}. */
    CYCLE_MAX_RECENT_NS("longest burst cycle of the last whole second, in nanoseconds"),
    /** See {@link #sentence()}. */
    FRAME_VIOLATIONS("breaches of the law of frames: a frame came from somebody who did not hold it"),
    /** See {@link #sentence()}. */
    FRAME_MISCOUNTS("checks of the law of frames that found a different count than the ledger's"),
    /** See {@link #sentence()}. */
    FRAMES_FREE("frames in the pool now"),
    /** See {@link #sentence()}. */
    FRAMES_OUTSTANDING("frames in the rings of ports or with the kernel now"),
    /** See {@link #sentence()}. */
    FRAMES_HELD("frames of packets that stages keep for later now");

    private final String sentence;

    WorkerCounter(final String sentence) {
        this.sentence = sentence;
    }

    /**
     * What it counts.
     *
     * @return a sentence for people.
     */
    public String sentence() {
        return sentence;
    }

    /**
     * The name in metrics and JSON.
     *
     * @return lower case with dashes.
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
