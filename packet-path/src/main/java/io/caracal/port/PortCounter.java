package io.caracal.port;

import java.util.Locale;

/** What a port counts beside the packets that its worker counts: causes, each by name. */
public enum PortCounter {
    /** See {@link #sentence()}. */
    TX_WAKEUPS("system calls that told the kernel about packets to transmit"),
    /** See {@link #sentence()}. */
    TX_PUSHED_BACK("transmit calls that left packets in the ring: batch limit or a full device queue (EAGAIN)"),
    /** See {@link #sentence()}. */
    TX_DEVICE_DROPPED("packets that the device took and dropped: its peer is full, or they exceed its MTU (EBUSY)"),
    /** See {@link #sentence()}. */
    TX_MEMORY_SHORT("transmit calls for which the kernel had no socket buffer (ENOBUFS)"),
    /** See {@link #sentence()}. */
    TX_FAILED("transmit calls that failed otherwise"),
    /** See {@link #sentence()}. */
    BUSY_POLLS("system calls that had the device bring what had come, where its interrupts are left off"),
    /** See {@link #sentence()}. */
    LINK_DOWN("times the interface was found administratively down (ENETDOWN)"),
    /** See {@link #sentence()}. */
    LINK_GONE("times the interface was found gone (ENXIO)"),
    /** See {@link #sentence()}. */
    FRAMES_RECOVERED("frames taken back from an interface that had gone"),
    /** See {@link #sentence()}. */
    COMPLETION_INVALID("completions whose address is outside the region or whose frame was not being transmitted"),
    /** See {@link #sentence()}. */
    RX_DESCRIPTOR_INVALID("received descriptors whose frame is outside the region or was not in the fill ring"),
    /** See {@link #sentence()}. */
    POOL_EMPTY("refills that found no free frame");

    private final String sentence;

    PortCounter(final String sentence) {
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
