package io.caracal.xsk;

/**
 * The other side of a socket's four rings, as far as it has to be told something: the kernel, or a loopback.
 * The worker's thread calls all methods but {@link #close()}.
 */
public interface RingDriver extends AutoCloseable {
    /**
     * Says that the transmit ring has entries. In copy mode this is what sends them, a limited number a call.
     *
     * @return 0 or the errno: EAGAIN (some are left, or the device pushes back), EBUSY (the device dropped one),
     *     ENOBUFS (no memory), ENETDOWN (the interface is down), ENXIO (it has gone).
     */
    int wakeTransmit();

    /**
     * Says that the fill ring has entries, to a kernel that has asked for it. What is wrong with the interface,
     * {@link #wakeTransmit} tells.
     */
    void wakeFill();

    /**
     * Has the device bring what has come, in the calling thread, where the socket is made for busy polling; may take as
     * long as its driver does for 64 packets.
     *
     * @return false if it could not be asked; what is wrong with the interface, {@link #wakeTransmit} tells.
     */
    default boolean pollDevice() {
        return true;
    }

    /**
     * What to {@code poll(2)} for received packets.
     *
     * @return a file descriptor, or -1 if there is none.
     */
    int pollFd();

    /** Ends it; nothing touches the rings or the region after that. */
    @Override
    void close();
}
