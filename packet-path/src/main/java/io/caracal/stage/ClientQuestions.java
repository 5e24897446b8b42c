package io.caracal.stage;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Questions of one worker to one other thread: whose connection is it that the host's stack has masqueraded? A slot for
 * each question, whose state says whose it is: the worker fills a free one and gives it away, the other thread answers
 * and gives it back. Allocates nothing after its constructor; neither side waits for the other.
 *
 * <pre>
 *   FREE ─ask─► ASKED ─answer─► ANSWERED ─take─► FREE
 *   worker      other thread    worker
 * </pre>
 *
 * <p>Tuples are as the packet has them, host order, IPv4 addresses left-aligned in 128 bits.</p>
 */
public final class ClientQuestions {
    /** Questions that can be open at once. */
    public static final int SLOTS = 64;

    private static final int FREE = 0;
    private static final int ASKED = 1;
    private static final int ANSWERED = 2;
    private static final VarHandle STATE = MethodHandles.arrayElementVarHandle(int[].class);

    /** Source and destination, two words each, then the answer's two. */
    private static final int ADDRESS_WORDS = 6;
    private static final int CLIENT = 4;

    private final int[] state = new int[SLOTS];
    private final long[] addresses = new long[SLOTS * ADDRESS_WORDS];
    private final int[] protocol = new int[SLOTS];
    private final boolean[] isIpv6 = new boolean[SLOTS];
    private final int[] ports = new int[SLOTS];
    private final int[] clientPort = new int[SLOTS];
    private final Runnable wake;

    /**
     * No questions yet.
     *
     * @param wake called by the worker after it has asked: tells the other thread; must not block.
     */
    public ClientQuestions(final Runnable wake) {
        this.wake = wake;
    }

    /** The other thread's way to answer. */
    public interface Resolver {
        /**
         * Finds who opened a connection.
         *
         * @param questions whose accessors tell the tuple.
         * @param slot of the question.
         * @return true when {@link ClientQuestions#client} was called; false where nobody knows of such a connection.
         */
        boolean resolve(ClientQuestions questions, int slot);
    }

    /* The worker's side. */

    /** A free slot, or -1. */
    int freeSlot() {
        for (int slot = 0; slot < SLOTS; slot++) {
            if ((int)STATE.getAcquire(state, slot) == FREE) {
                return slot;
            }
        }
        return -1;
    }

    void fill(final int slot, final boolean ipv6, final int ipProtocol, final int sourcePort,
        final int destinationPort) {
        isIpv6[slot] = ipv6;
        protocol[slot] = ipProtocol;
        ports[slot] = sourcePort << Short.SIZE | destinationPort;
    }

    void fillAddresses(final int slot, final long sourceHigh, final long sourceLow, final long destinationHigh,
        final long destinationLow) {
        final int base = slot * ADDRESS_WORDS;
        addresses[base] = sourceHigh;
        addresses[base + 1] = sourceLow;
        addresses[base + 2] = destinationHigh;
        addresses[base + 3] = destinationLow;
    }

    void ask(final int slot) {
        STATE.setRelease(state, slot, ASKED);
        wake.run();
    }

    boolean isAnswered(final int slot) {
        return (int)STATE.getAcquire(state, slot) == ANSWERED;
    }

    long clientHigh(final int slot) {
        return addresses[slot * ADDRESS_WORDS + CLIENT];
    }

    long clientLow(final int slot) {
        return addresses[slot * ADDRESS_WORDS + CLIENT + 1];
    }

    int clientPort(final int slot) {
        return clientPort[slot];
    }

    void free(final int slot) {
        STATE.setRelease(state, slot, FREE);
    }

    /* The other thread's side. */

    /**
     * Answers what has been asked. The other thread.
     *
     * @param resolver knows.
     * @return questions answered.
     */
    public int answer(final Resolver resolver) {
        int count = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            if ((int)STATE.getAcquire(state, slot) == ASKED) {
                if (!resolver.resolve(this, slot)) {
                    client(slot, sourceHigh(slot), sourceLow(slot), sourcePort(slot));
                }
                STATE.setRelease(state, slot, ANSWERED);
                count++;
            }
        }
        return count;
    }

    /**
     * Says who it is.
     *
     * @param slot of the question.
     * @param high address, bits 0-63.
     * @param low address, bits 64-127.
     * @param port source port.
     */
    public void client(final int slot, final long high, final long low, final int port) {
        addresses[slot * ADDRESS_WORDS + CLIENT] = high;
        addresses[slot * ADDRESS_WORDS + CLIENT + 1] = low;
        clientPort[slot] = port;
    }

    /**
     * Which IP version a question is about.
     *
     * @param slot of the question.
     * @return true for IPv6.
     */
    public boolean isIpv6(final int slot) {
        return isIpv6[slot];
    }

    /**
     * The packet's protocol.
     *
     * @param slot of the question.
     * @return IP protocol number.
     */
    public int protocol(final int slot) {
        return protocol[slot];
    }

    /**
     * The packet's source: an address of this node.
     *
     * @param slot of the question.
     * @return bits 0-63.
     */
    public long sourceHigh(final int slot) {
        return addresses[slot * ADDRESS_WORDS];
    }

    /**
     * The packet's source.
     *
     * @param slot of the question.
     * @return bits 64-127.
     */
    public long sourceLow(final int slot) {
        return addresses[slot * ADDRESS_WORDS + 1];
    }

    /**
     * The packet's destination.
     *
     * @param slot of the question.
     * @return bits 0-63.
     */
    public long destinationHigh(final int slot) {
        return addresses[slot * ADDRESS_WORDS + 2];
    }

    /**
     * The packet's destination.
     *
     * @param slot of the question.
     * @return bits 64-127.
     */
    public long destinationLow(final int slot) {
        return addresses[slot * ADDRESS_WORDS + 3];
    }

    /**
     * The packet's source port.
     *
     * @param slot of the question.
     * @return 0 .. 65535.
     */
    public int sourcePort(final int slot) {
        return ports[slot] >>> Short.SIZE;
    }

    /**
     * The packet's destination port.
     *
     * @param slot of the question.
     * @return 0 .. 65535.
     */
    public int destinationPort(final int slot) {
        return ports[slot] & 0xFFFF;
    }
}
