package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A slot that goes from one flow to another while an outsider reads it: the tuple and the rule that it sees are of the
 * same flow. Both numbers of a flow are the same, so a mixture shows.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "saw the slot free, or gave up on a writer that was stopped")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "saw the first flow")
@Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "saw the second flow")
@Outcome(expect = Expect.FORBIDDEN, desc = "saw a mixture of two flows")
@State
public class FlowReaderStress {
    /** One table for all instances of a virtual machine: each file is a page at least. */
    private static final Shared SHARED = new Shared();

    private final int slot = SHARED.slot();

    @Actor
    public void worker() {
        SHARED.replace(slot, 1);
        SHARED.replace(slot, 2);
    }

    @Actor
    public void outsider(final II_Result result) {
        SHARED.read(slot, result);
    }

    /** Slots are given out in turn; an instance's slot is no other's for a long while. */
    private static final class Shared {
        private static final int SLOTS = 1 << 16;
        private final FlowImage image;
        private final java.util.concurrent.atomic.AtomicInteger next = new java.util.concurrent.atomic.AtomicInteger();
        private final ThreadLocal<FlowSnapshot> snapshot = ThreadLocal.withInitial(FlowSnapshot::new);
        private final ThreadLocal<FlowReader> reader;

        Shared() {
            try {
                final Path directory = Files.createTempDirectory("flow-reader-stress-");
                final Path file = directory.resolve("flows");
                image = FlowImage.open(file, new FlowImageSpec(4, SLOTS, 0, 1), BootIdentity.current());
                reader = ThreadLocal.withInitial(() -> FlowReader.open(file));
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    try {
                        Files.deleteIfExists(file);
                        Files.deleteIfExists(directory);
                    } catch (final IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        int slot() {
            final int slot = next.getAndIncrement() & SLOTS - 1;
            final long record = record(slot);
            FlowRecord.beginWrite(record);
            FlowRecord.state(record, FlowState.FREE);
            FlowRecord.endWrite(record);
            return slot;
        }

        private long record(final int slot) {
            return image.records() + (long)slot * FlowRecord.IPV4_SIZE;
        }

        void replace(final int slot, final int number) {
            final long record = record(slot);
            final long account = image.accounts() + (long)slot * FlowAccount.SIZE;
            FlowRecord.beginWrite(record);
            OffHeap.putInt(record + FlowRecord.IPV4_ORIGINAL_PORTS_OFFSET, number);
            FlowRecord.protocol(record, IpProtocol.UDP);
            FlowRecord.state(record, FlowState.UNREPLIED);
            FlowAccount.approveDestination(account, 0, number);
            FlowRecord.endWrite(record);
        }

        void read(final int slot, final II_Result result) {
            final FlowSnapshot flow = snapshot.get();
            if (reader.get().read(slot, flow)) {
                result.r1 = flow.original.ports;
                result.r2 = flow.destinationRule;
            }
        }
    }
}
