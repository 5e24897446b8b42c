package io.caracal.conntrack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;

/**
 * First page of a {@link FlowImage}, in the machine's byte order: a file does not outlive a boot, so it never meets
 * another machine, and a foreign order shows in the magic.
 *
 * <pre>
 *   0 magic "CARACALF"        | 8 version | 12 CRC32C of bytes 0 .. 11 and 16 .. 63
 *  16 boot id (16 bytes)      | 32 IP version | 36 capacity | 40 shard index | 44 shard count
 *  48 record size | 52 account size | 56 unused
 *  64 high water: slots that were ever used (changes, not in the checksum)
 * </pre>
 */
final class FlowImageHeader {
    static final int HIGH_WATER_OFFSET = 64;

    private static final long MAGIC = 0x464c_4143_4152_4143L;
    private static final int VERSION_OFFSET = 8;
    private static final int CHECKSUM_OFFSET = 12;
    private static final int BOOT_OFFSET = 16;
    private static final int IP_VERSION_OFFSET = 32;
    private static final int CAPACITY_OFFSET = 36;
    private static final int SHARD_INDEX_OFFSET = 40;
    private static final int SHARD_COUNT_OFFSET = 44;
    private static final int RECORD_SIZE_OFFSET = 48;
    private static final int ACCOUNT_SIZE_OFFSET = 52;
    private static final int CHECKED_END = 64;

    private FlowImageHeader() {
    }

    static ByteBuffer read(final FileChannel channel) throws IOException {
        final ByteBuffer header = ByteBuffer.allocate(CHECKED_END).order(ByteOrder.nativeOrder());
        while (header.hasRemaining() && channel.read(header, header.position()) >= 0) {
            assert header.position() <= CHECKED_END;
        }
        return header;
    }

    static void write(final FileChannel channel, final FlowImageSpec spec, final BootIdentity boot) throws IOException {
        final ByteBuffer header = ByteBuffer.allocate(CHECKED_END).order(ByteOrder.nativeOrder());
        header.putLong(0, MAGIC).putInt(VERSION_OFFSET, FlowImage.VERSION);
        header.putLong(BOOT_OFFSET, boot.high()).putLong(BOOT_OFFSET + Long.BYTES, boot.low());
        header.putInt(IP_VERSION_OFFSET, spec.ipVersion()).putInt(CAPACITY_OFFSET, spec.capacity());
        header.putInt(SHARD_INDEX_OFFSET, spec.shardIndex()).putInt(SHARD_COUNT_OFFSET, spec.shardCount());
        header.putInt(RECORD_SIZE_OFFSET, spec.recordSize()).putInt(ACCOUNT_SIZE_OFFSET, FlowAccount.SIZE);
        header.putInt(CHECKSUM_OFFSET, checksum(header));
        /* The magic last: a file without it was never finished, and nobody's flows are in it. */
        write(channel, header.position(Long.BYTES));
        write(channel, header.position(0).limit(Long.BYTES));
    }

    private static void write(final FileChannel channel, final ByteBuffer header) throws IOException {
        while (header.hasRemaining()) {
            channel.write(header, header.position());
        }
    }

    /** A file whose making was cut short. */
    static boolean isUnfinished(final ByteBuffer header) {
        return header.getLong(0) == 0;
    }

    static boolean isWhole(final ByteBuffer header) {
        return !header.hasRemaining() && header.getLong(0) == MAGIC
            && header.getInt(CHECKSUM_OFFSET) == checksum(header);
    }

    static int version(final ByteBuffer header) {
        return header.getInt(VERSION_OFFSET);
    }

    static BootIdentity boot(final ByteBuffer header) {
        return new BootIdentity(header.getLong(BOOT_OFFSET), header.getLong(BOOT_OFFSET + Long.BYTES));
    }

    /** The spec of a whole header of our version. */
    static FlowImageSpec spec(final ByteBuffer header) {
        return new FlowImageSpec(header.getInt(IP_VERSION_OFFSET), header.getInt(CAPACITY_OFFSET),
            header.getInt(SHARD_INDEX_OFFSET), header.getInt(SHARD_COUNT_OFFSET));
    }

    /** Why a file cannot be used as it is, or null when it can. */
    static String differenceFrom(final FlowImageSpec spec, final ByteBuffer header, final long fileSize) {
        if (version(header) != FlowImage.VERSION) {
            return "it is of version " + version(header) + ", this is " + FlowImage.VERSION;
        }
        final FlowImageSpec found = spec(header);
        if (!found.equals(spec)) {
            return "it holds " + found + ", wanted is " + spec;
        }
        if (header.getInt(RECORD_SIZE_OFFSET) != spec.recordSize()
            || header.getInt(ACCOUNT_SIZE_OFFSET) != FlowAccount.SIZE) {
            return "its records have another size";
        }
        return fileSize == spec.fileSize() ? null : "it has " + fileSize + " bytes, not " + spec.fileSize();
    }

    private static int checksum(final ByteBuffer header) {
        final CRC32C crc = new CRC32C();
        crc.update(header.duplicate().position(0).limit(CHECKSUM_OFFSET));
        crc.update(header.duplicate().limit(CHECKED_END).position(BOOT_OFFSET));
        return (int)crc.getValue();
    }
}
