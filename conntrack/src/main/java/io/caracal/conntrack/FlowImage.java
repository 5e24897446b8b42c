package io.caracal.conntrack;

import io.caracal.bindings.Fd;
import io.caracal.bindings.HugePages;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The file that one shard's flows of one family live in, mapped shared: what was written survives the process, at
 * no cost per write. On tmpfs it is memory only; a reboot voids it by {@link BootIdentity}.
 *
 * <pre>
 *  header page (4096) | capacity x record (64 or 128) | capacity x account (64)
 * </pre>
 *
 * <p>Opening takes an exclusive lock on the file, which the kernel gives back when the process dies. A new file is
 * given all its room at once, so that a full tmpfs is an error here and never a SIGBUS at a packet; in huge pages where
 * the kernel can, since a lookup in millions of flows would else wait for the page table as well. Mode 0600. The
 * thread that opens it may be any; then the records belong to the shard's worker. {@link #close} only after the worker
 * and all readers of this process have stopped: the addresses are invalid after it.</p>
 */
public final class FlowImage implements AutoCloseable {
    /** Layout of header, record and account; a file of another version is not read. */
    public static final int VERSION = 1;
    /** Bytes before the first record: a page. */
    static final int HEADER_SIZE = 4096;

    /** How the records that are there now came to be. */
    public enum Origin {
        /** There was no file, or one whose making had been cut short. */
        CREATED,
        /** The file of an earlier process of this boot. */
        RESTORED,
        /** The file was of an earlier boot, and was emptied. */
        REBOOTED
    }

    private final Path file;
    private final FlowImageSpec spec;
    private final FileChannel channel;
    /** Beside the channel's own, which Java does not show. Closed with it, or the channel's lock would be gone. */
    private final Fd descriptor;
    private final MappedRegion region;
    private final long base;
    private final Origin origin;

    private FlowImage(final Path file, final FlowImageSpec spec, final FileChannel channel, final Fd descriptor,
        final Origin origin) {
        this.file = file;
        this.spec = spec;
        this.channel = channel;
        this.descriptor = descriptor;
        this.origin = origin;
        region = MappedRegion.sharedAligned(descriptor.number(), spec.fileSize());
        base = region.address();
    }

    /**
     * Opens or makes the file of a shard.
     *
     * @param file where; its directory exists.
     * @param spec what it holds.
     * @param boot this boot.
     * @return the image; the caller closes it.
     * @throws FlowImageException when a file of this boot is there that does not fit: another process has it open,
     *     another version, capacity or sharding, or damaged. Nothing has been changed then; its message has the next
     *     step.
     * @throws UncheckedIOException when the file cannot be read or written.
     * @throws io.caracal.bindings.NativeCallException ENOSPC when there is no room for it.
     */
    public static FlowImage open(final Path file, final FlowImageSpec spec, final BootIdentity boot) {
        FileChannel channel = null;
        Fd descriptor = null;
        try {
            channel = FileChannel.open(file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE,
                StandardOpenOption.CREATE), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rw-------")));
            descriptor = Fd.open(file.toString(), Posix.O_RDWR);
            lock(channel, file);
            final Origin origin = prepare(channel, descriptor, file, spec, boot);
            return new FlowImage(file, spec, channel, descriptor, origin);
        } catch (final IOException e) {
            closeQuietly(channel, descriptor, e);
            throw new UncheckedIOException("open conntrack image " + file, e);
        } catch (final RuntimeException e) {
            closeQuietly(channel, descriptor, e);
            throw e;
        }
    }

    private static Origin prepare(final FileChannel channel, final Fd descriptor, final Path file,
        final FlowImageSpec spec, final BootIdentity boot) throws IOException {
        final ByteBuffer header = FlowImageHeader.read(channel);
        if (FlowImageHeader.isUnfinished(header)) {
            channel.truncate(0);
            create(descriptor, channel, spec, boot);
            return Origin.CREATED;
        }
        if (!FlowImageHeader.isWhole(header)) {
            throw new FlowImageException(file, "its header is damaged or not ours",
                "remove the file: its flows are lost");
        }
        if (!FlowImageHeader.boot(header).equals(boot)) {
            channel.truncate(0);
            create(descriptor, channel, spec, boot);
            return Origin.REBOOTED;
        }
        final String difference = FlowImageHeader.differenceFrom(spec, header, channel.size());
        if (difference != null) {
            throw new FlowImageException(file, difference,
                "FlowMigration moves another sharding; else remove it: its flows are lost then");
        }
        return Origin.RESTORED;
    }

    /** Sets the room aside and, last, writes the header: a file whose making was cut short has no valid header. */
    private static void create(final Fd descriptor, final FileChannel channel, final FlowImageSpec spec,
        final BootIdentity boot) throws IOException {
        HugePages.allocate(descriptor, spec.fileSize());
        FlowImageHeader.write(channel, spec, boot);
    }

    private static void lock(final FileChannel channel, final Path file) throws IOException {
        try {
            if (channel.tryLock() != null) {
                return;
            }
        } catch (final OverlappingFileLockException e) {
            throw new FlowImageException(file, "this process has it open already", "close it first", e);
        }
        throw new FlowImageException(file, "another process has it open", "stop that process (lslocks names it)");
    }

    private static void closeQuietly(final FileChannel channel, final Fd descriptor, final Exception cause) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (final IOException e) {
            cause.addSuppressed(e);
        }
        if (descriptor != null) {
            descriptor.close();
        }
    }

    /**
     * Where the flows came from.
     *
     * @return how this image was opened.
     */
    public Origin origin() {
        return origin;
    }

    /**
     * The blueprint it was opened with.
     *
     * @return its spec.
     */
    public FlowImageSpec spec() {
        return spec;
    }

    /**
     * The mapped file.
     *
     * @return its path.
     */
    public Path file() {
        return file;
    }

    /** Address of the first record. */
    long records() {
        return base + HEADER_SIZE;
    }

    /** Address of the first account. */
    long accounts() {
        return records() + (long)spec.capacity() * spec.recordSize();
    }

    /** Slots below this may be in use; those above never were. */
    int highWater() {
        final int highWater = OffHeap.getIntAcquire(base + FlowImageHeader.HIGH_WATER_OFFSET);
        return highWater < 0 || highWater > spec.capacity() ? spec.capacity() : highWater;
    }

    /** Raises the mark before the slot below it is used. */
    void highWater(final int slots) {
        OffHeap.putIntRelease(base + FlowImageHeader.HIGH_WATER_OFFSET, slots);
    }

    /**
     * Removes the mapping and gives the lock back; the file stays.
     *
     * @throws UncheckedIOException when the kernel refuses to close the file.
     */
    @Override
    public void close() {
        region.close();
        try {
            channel.close();
        } catch (final IOException e) {
            throw new UncheckedIOException("close conntrack image " + file, e);
        } finally {
            descriptor.close();
        }
    }

    /**
     * Removes the file of a shard; no process has it open.
     *
     * @param file its path; nothing happens where there is none.
     * @throws UncheckedIOException when it cannot be removed.
     */
    public static void delete(final Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (final IOException e) {
            throw new UncheckedIOException("remove conntrack image " + file, e);
        }
    }
}
