package io.caracal.port;

/** What a {@link FaultInjectingPort} did to a packet. */
public enum Fault {
    /** Dropped on receipt. */
    LOSS,
    /** Received twice. */
    DUPLICATION,
    /** One bit turned over. */
    BIT_FLIP,
    /** Cut short. */
    TRUNCATION,
    /** Changed places with another packet of its burst. */
    REORDERING,
    /** Refused for transmission. */
    TX_FULL
}
