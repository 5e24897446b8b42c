package io.caracal.conntrack;

import java.util.Locale;

/** What connection tracking counts, per worker. */
public enum ConntrackCounter {
    /** Packets of flows that were there. */
    HITS("packets of tracked flows"),
    /** Packets of no tracked flow. */
    MISSES("packets of no tracked flow"),
    /** ICMP errors about packets of tracked flows. */
    RELATED("ICMP errors about packets of tracked flows"),
    /** Packets that fit no flow and begin none. */
    INVALID("packets that fit no flow and begin none"),
    /** Flows made. */
    CREATED("flows made"),
    /** Flows taken over from the kernel. */
    ADOPTED("flows taken over from the kernel: of its connection tracking, or opened past an earlier engine"),
    /** Flows ended by their timeout. */
    EXPIRED("flows ended by their timeout"),
    /** Flows ended to make room. */
    EVICTED("flows ended to make room for a new one"),
    /** Flows ended with their endpoint. */
    ENDPOINT_REMOVED("flows ended with their endpoint"),
    /** Flows to an address that a pod has come to. */
    ENDPOINT_ARRIVED("flows ended since a pod came to one of their addresses"),
    /** Flows whose tuple a new connection took. */
    REOPENED("flows whose tuple a new connection took"),
    /** Flows that were refused by a RST. */
    REFUSED("flows that were answered by a RST alone"),
    /** Flows that a newer policy denied. */
    DENIED("flows that were judged again and denied"),
    /** Flows ended on request. */
    FLUSHED("flows ended on request"),
    /** Flows with a translated source. */
    NAT_BOUND("flows that were given a source NAT port"),
    /** New flows for which no NAT port was free. */
    NAT_EXHAUSTED("new flows for which no source NAT port was free"),
    /** Flows that were judged again. */
    RECHECKED("packets that sent their flow back to policy"),
    /** Flows given to the kernel. */
    OFFLOADED("flows given to the flow cache"),
    /** Flows that stay with Java. */
    OFFLOAD_REFUSED("flows for which the flow cache, or their endpoint's share of it, had no room"),
    /** Flows taken back to make room. */
    OFFLOAD_EVICTED("flows taken back from the flow cache to make room for another"),
    /** Flows taken back since they lead elsewhere now. */
    OFFLOAD_REROUTED("flows taken back from the flow cache since routes, devices or sizes have changed"),
    /** Connections that were opened past Java. */
    OPENED_BY_KERNEL("connections that the kernel has opened by an earlier verdict, and that have a record"),
    /** Connections that were opened past Java and were over before it looked. */
    OPENED_AND_CLOSED("connections that the kernel has opened so, and that were over before they had one"),
    /** Connections that were opened past Java and come to it. */
    OPENED_REFUSED("connections that the kernel has opened and that come to Java, since there was no room or routes had"
        + " changed"),
    /** Offloaded flows now. */
    OFFLOADED_FLOWS("flows in the flow cache now"),
    /** IPv4 flows now. */
    IPV4_FLOWS("IPv4 flows now"),
    /** IPv6 flows now. */
    IPV6_FLOWS("IPv6 flows now");

    private final String sentence;

    ConntrackCounter(final String sentence) {
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
