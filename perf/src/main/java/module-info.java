/** Benchmarks side by side: JMH, a packet generator, end-to-end comparisons, plots. Nobody depends on it. */
@SuppressWarnings("requires-automatic")
module io.caracal.perf {
    requires io.caracal.dataplane;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires HdrHistogram;
    requires jmh.core;
    requires xchart;
    requires java.desktop;
}
