package io.caracal.dataplane;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.ConntrackNetlink;
import io.caracal.netlink.ConntrackTuple;
import io.caracal.stage.ClientQuestions;

/**
 * The thread that asks the kernel's connection tracking (ctnetlink) which client is behind an address of this node, for
 * all workers. It sleeps until a worker asks; a question costs some ten microseconds, once a flow. Where the kernel
 * cannot answer, the address of the packet counts, and the log says so once.
 *
 * <p>Opened in the network namespace of the node; needs CAP_NET_ADMIN. Closed after the workers have ended.</p>
 */
final class ClientLookup implements AutoCloseable {
    private static final int IPV4_LENGTH = 4;

    private final CopyOnWriteArrayList<Asker> askers = new CopyOnWriteArrayList<>();
    private final ConntrackNetlink conntrack;
    private final EngineLog log;
    private final Thread thread;
    private volatile boolean isClosed;
    private boolean hasFailed;

    /** One worker: what it asks, and how it is told. */
    private record Asker(ClientQuestions questions, Runnable tell) {
    }

    private ClientLookup(final ConntrackNetlink conntrack, final EngineLog log) {
        this.conntrack = conntrack;
        this.log = log;
        thread = Thread.ofPlatform().name("caracal-clients").daemon(true).unstarted(this::run);
    }

    static ClientLookup start(final EngineLog log) {
        final ClientLookup lookup = new ClientLookup(ConntrackNetlink.open(), log);
        lookup.thread.start();
        return lookup;
    }

    /** A worker's questions; the wake-up is one call of {@link LockSupport#unpark}, and only when it asks. */
    ClientQuestions questions() {
        return new ClientQuestions(() -> LockSupport.unpark(thread));
    }

    /**
     * Begins to answer.
     *
     * @param questions of a worker.
     * @param tell wakes that worker after an answer.
     */
    void serve(final ClientQuestions questions, final Runnable tell) {
        askers.add(new Asker(questions, tell));
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!isClosed) {
            int answered = 0;
            for (final Asker asker : askers) {
                final int count = asker.questions.answer(this::resolve);
                answered += count;
                if (count > 0) {
                    asker.tell.run();
                }
            }
            if (answered == 0) {
                LockSupport.park(this);
            }
        }
    }

    private boolean resolve(final ClientQuestions questions, final int slot) {
        try {
            /* The answer's tuple is the packet's, turned round: source translation has been done by now. */
            final Optional<ConntrackEntry> found = conntrack.find(new ConntrackTuple(
                address(questions.isIpv6(slot), questions.destinationHigh(slot), questions.destinationLow(slot)),
                address(questions.isIpv6(slot), questions.sourceHigh(slot), questions.sourceLow(slot)),
                questions.protocol(slot), questions.destinationPort(slot), questions.sourcePort(slot)));
            found.ifPresent(entry -> tell(questions, slot, entry.original()));
            return found.isPresent();
        } catch (final RuntimeException failure) {
            if (!hasFailed) {
                hasFailed = true;
                log.error("ask the kernel for a masqueraded client; policy judges by the node's address", failure);
            }
            return false;
        }
    }

    private static void tell(final ClientQuestions questions, final int slot, final ConntrackTuple original) {
        final byte[] bytes = original.source().getAddress();
        final ByteBuffer words = ByteBuffer.allocate(2 * Long.BYTES).put(bytes).rewind();
        questions.client(slot, words.getLong(), words.getLong(), original.sourcePort());
    }

    private static InetAddress address(final boolean ipv6, final long high, final long low) {
        final byte[] bytes = ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low).array();
        try {
            return InetAddress.getByAddress(ipv6 ? bytes : java.util.Arrays.copyOf(bytes, IPV4_LENGTH));
        } catch (final UnknownHostException impossible) {
            throw new IllegalStateException("4 or 16 bytes are an address", impossible);
        }
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        conntrack.close();
    }
}
