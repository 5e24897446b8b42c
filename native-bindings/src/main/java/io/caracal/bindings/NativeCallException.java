package io.caracal.bindings;

/**
 * A call into the kernel or libbpf that failed. The message names the act, the thing, the errno and the next step:
 * {@code bind AF_XDP socket to punt1 queue 0: EBUSY (another socket owns this queue; is another engine running?)}.
 */
public final class NativeCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The error number. */
    private final int errno;

    /**
     * With a next step that the caller knows.
     *
     * @param act what was tried, such as {@code "bind AF_XDP socket to"}.
     * @param thing to what, such as {@code "punt1 queue 0"}.
     * @param errno one of {@link Errno}, or libbpf's own from 4000 on; positive.
     * @param nextStep what it means here and what to do about it.
     */
    public NativeCallException(final String act, final String thing, final int errno, final String nextStep) {
        super(act + ' ' + thing + ": " + Errno.name(errno) + " (" + nextStep + ')');
        this.errno = errno;
    }

    /**
     * With the general meaning of the error number.
     *
     * @param act what was tried, such as {@code "open"}.
     * @param thing to what, such as {@code "/run/netns/blue"}.
     * @param errno one of {@link Errno}, or libbpf's own from 4000 on; positive.
     */
    public NativeCallException(final String act, final String thing, final int errno) {
        this(act, thing, errno, Errno.describe(errno));
    }

    /**
     * The error number.
     *
     * @return one of {@link Errno}, or libbpf's own from 4000 on.
     */
    public int errno() {
        return errno;
    }
}
