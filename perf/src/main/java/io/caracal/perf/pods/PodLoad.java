package io.caracal.perf.pods;

import java.util.List;

/**
 * What goes from pod to pod.
 *
 * @param server words of {@code podgen} for the serving side.
 * @param client words of {@code podgen} for the asking side.
 * @param isPoliced whether it goes to the pod under the policy, else to the one under none.
 * @param isPlacedFreely whether the scheduler chooses the processors of client and server: where several ask at once,
 *                       and where each connection has a packet for the engine's worker, which needs a processor too.
 * @param figure what is counted.
 */
record PodLoad(List<String> server, List<String> client, boolean isPoliced, boolean isPlacedFreely, Figure figure) {
    /** Bytes of Ethernet, IPv4 and UDP headers. */
    private static final int UDP_HEADERS = 42;

    /** What is counted of a load. */
    enum Figure {
        /** Payload that the server has read. */
        GIGABITS("Gbit/s"),
        /** Datagrams that the server has read. */
        PACKETS("pps"),
        /** Connections that the client has had answered and closed. */
        CONNECTIONS("connections/s"),
        /** Requests that the client has had answered. */
        REQUESTS("requests/s"),
        /** Time of all processors, soft interrupts included, for what the server has read. */
        CPU_PER_GIGABIT("CPU s/Gbit"),
        /** The same for a million datagrams. */
        CPU_PER_MEGAPACKET("CPU s/Mpacket");

        private static final double MILLION = 1e6;

        private final String unit;

        Figure(final String unit) {
            this.unit = unit;
        }

        String unit() {
            return unit;
        }

        /** The figure of a window. */
        double of(final Window window) {
            return switch (this) {
                case GIGABITS -> window.serverAfter().gigabitsPerSecondSince(window.serverBefore());
                case PACKETS -> window.serverAfter().operationsPerSecondSince(window.serverBefore());
                case CONNECTIONS, REQUESTS -> window.clientAfter().operationsPerSecondSince(window.clientBefore());
                case CPU_PER_GIGABIT -> window.busyShare() / GIGABITS.of(window);
                case CPU_PER_MEGAPACKET -> window.busyShare() * MILLION / PACKETS.of(window);
            };
        }
    }

    /**
     * A stretch of load.
     *
     * @param serverBefore the server's counters at its begin.
     * @param serverAfter at its end.
     * @param clientBefore the client's counters at its begin.
     * @param clientAfter at its end.
     * @param busyShare processors in use meanwhile: 1 is one processor all the time.
     */
    record Window(LoadCounters serverBefore, LoadCounters serverAfter, LoadCounters clientBefore,
                  LoadCounters clientAfter, double busyShare) {
    }

    static PodLoad streams(final int count) {
        return new PodLoad(List.of("sink"), List.of("stream", "--parallel", String.valueOf(count)), true,
            count > 1, Figure.GIGABITS);
    }

    /** Datagrams of so many bytes on the wire, Ethernet header included. */
    static PodLoad datagrams(final int frameLength, final int flows) {
        return new PodLoad(List.of("udp-sink"), List.of("udp", "--length", String.valueOf(frameLength - UDP_HEADERS),
            "--parallel", String.valueOf(flows)), false, false, Figure.PACKETS);
    }

    /** 64-byte frames from every pod to every other. */
    static PodLoad everyoneToEveryone() {
        return new PodLoad(List.of("udp-sink"), List.of("udp", "--length", "22"), false, false, Figure.PACKETS);
    }

    static PodLoad connections(final int parallel) {
        return new PodLoad(List.of("answer", "--close", "1"), List.of("crr", "--parallel", String.valueOf(parallel)),
            true, true, Figure.CONNECTIONS);
    }

    static PodLoad requests() {
        return new PodLoad(List.of("answer"), List.of("rr"), true, false, Figure.REQUESTS);
    }

    /** A stream held to a rate that everybody reaches, for what it costs. */
    static PodLoad pacedStream(final long bytesPerSecond) {
        return new PodLoad(List.of("sink"), List.of("stream", "--rate", String.valueOf(bytesPerSecond)), true, false,
            Figure.CPU_PER_GIGABIT);
    }

    /** Small datagrams at a rate that everybody reaches, for what they cost. */
    static PodLoad pacedDatagrams(final int pps) {
        return new PodLoad(List.of("udp-sink"), List.of("udp", "--length", "22", "--rate", String.valueOf(pps)), false,
            false, Figure.CPU_PER_MEGAPACKET);
    }
}
