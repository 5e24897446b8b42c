package io.caracal.network;

/** What becomes of forwarded packets to a service's address that nobody has translated (ServiceLoopPrevention). */
public enum ServiceLoops {
    /** Dropped. */
    DROP,
    /** Dropped, and their sender is told. */
    REJECT,
    /** Forwarded as any other. */
    DISABLED
}
