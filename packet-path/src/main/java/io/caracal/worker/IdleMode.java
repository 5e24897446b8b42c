package io.caracal.worker;

/** What a worker does when a burst cycle finds nothing to do. */
public enum IdleMode {
    /** Spins where that has paid lately, then sleeps in {@code poll(2)} until a packet or a command comes. */
    ADAPTIVE,
    /** Spins for ever: the lowest latency, for a core of its own. */
    SPIN
}
