package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import io.caracal.stage.ParseStage;
import io.caracal.stage.SyntheticFrame;
import io.caracal.wire.SymmetricFlowHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The packets of {@link HeaderParseBenchmark} as a file, for a program in another language: packet count and the
 * image's place, an (address, length) pair for each packet, then the memory as it is. Host byte order.
 */
public final class PacketImage {
    /** Seed of the flow hash, on both sides. */
    public static final long HASH_SEED = 7;

    private static final int HEAD_BYTES = 16;
    private static final int ENTRY_BYTES = 8;
    private static final int PAGE_SIZE = 4096;

    /** What the packets are, by the benchmark that parses them. */
    public enum Mixture {
        /** UDP in IPv4. */
        UDP("stageUdp", SyntheticFrame.UDP_IPV4),
        /** Mostly TCP, a quarter IPv6, some ICMP. */
        MIXED("stageMixed", SyntheticFrame.TCP_IPV4, SyntheticFrame.UDP_IPV4, SyntheticFrame.TCP_IPV6,
            SyntheticFrame.TCP_IPV4, SyntheticFrame.UDP_IPV6, SyntheticFrame.TCP_IPV4, SyntheticFrame.ICMP_IPV4);

        private final String benchmark;
        private final SyntheticFrame[] kinds;

        Mixture(final String benchmark, final SyntheticFrame... kinds) {
            this.benchmark = benchmark;
            this.kinds = kinds;
        }

        /**
         * The JMH method.
         *
         * @return its name.
         */
        public String benchmark() {
            return benchmark;
        }

        PacketMemory packets() {
            return new PacketMemory(kinds);
        }
    }

    private PacketImage() {
    }

    /**
     * Writes the packets of a mixture.
     *
     * @param file overwritten.
     * @param mixture which.
     * @return what the flow hashes that the engine's parse stage finds in them add up to, unsigned.
     * @throws IOException if the file cannot be written.
     */
    public static long write(final Path file, final Mixture mixture) throws IOException {
        try (PacketMemory memory = mixture.packets();
            FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            final int imageOffset =
                (HEAD_BYTES + ENTRY_BYTES * PacketMemory.PACKETS + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
            final ByteBuffer head = ByteBuffer.allocate(imageOffset).order(ByteOrder.nativeOrder());
            head.putInt(PacketMemory.PACKETS).putInt(imageOffset).putLong(memory.segment.byteSize());
            for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
                head.putInt(PacketMemory.offset(packet)).putInt(memory.lengths[packet]);
            }
            channel.write(head.rewind());
            channel.write(memory.segment.asByteBuffer(), imageOffset);
            return hashSum(memory);
        }
    }

    private static long hashSum(final PacketMemory memory) {
        final ParseStage stage = new ParseStage(new SymmetricFlowHash(HASH_SEED));
        final PacketBurst burst = new PacketBurst(memory.buffer);
        long sum = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            memory.receive(burst, number);
            stage.process(burst, 0);
            for (int row = 0; row < burst.count; row++) {
                sum += Integer.toUnsignedLong(burst.flowHash(row));
            }
        }
        return sum;
    }
}
