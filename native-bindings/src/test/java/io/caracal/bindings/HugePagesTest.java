package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.testing.OpenFiles;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(OpenFiles.class)
class HugePagesTest {
    private static final long SIZE = 3 * HugePages.SIZE + 5000;

    @TempDir
    Path directory;

    @Test
    void shouldGiveAFileInMemoryItsRoomInHugePages() throws IOException {
        try (Fd file = Fd.memfd("huge", 0, 0)) {
            assertTrue(HugePages.allocate(file, SIZE), "Linux 6.1 and later collapse what has one page");
            try (MappedRegion region = MappedRegion.sharedAligned(file.number(), SIZE)) {
                assertEquals(0, region.address() % HugePages.SIZE);
                for (long at = 0; at < SIZE; at++) {
                    assertEquals(0, region.segment().get(ValueLayout.JAVA_BYTE, at), "byte " + at);
                    region.segment().set(ValueLayout.JAVA_BYTE, at, (byte)at);
                }
                assertEquals(3 * HugePages.SIZE, hugeBytes(region.address()), "of " + SIZE + " bytes");
            }
            try (MappedRegion again = MappedRegion.sharedAligned(file.number(), SIZE)) {
                assertEquals((byte)(SIZE - 1), again.segment().get(ValueLayout.JAVA_BYTE, SIZE - 1));
            }
        }
    }

    /** What the kernel has mapped as huge pages of the mapping that begins at an address. */
    private static long hugeBytes(final long address) throws IOException {
        final List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
        int line = 0;
        while (!lines.get(line).startsWith(Long.toHexString(address) + "-")) {
            line++;
        }
        while (!lines.get(line).startsWith("ShmemPmdMapped:")) {
            line++;
        }
        return Long.parseLong(lines.get(line).replaceAll("\\D", "")) * 1024;
    }

    @Test
    void shouldGiveASmallFileAndOneOnADiskTheirRoomWithoutThem() throws IOException {
        for (final long size : new long[] {100, SIZE}) {
            final Path path = Files.createFile(directory.resolve("file" + size));
            try (Fd file = Fd.open(path.toString(), Posix.O_RDWR)) {
                final boolean huge = HugePages.allocate(file, size);
                assertFalse(huge && size < HugePages.SIZE, size + " bytes");
            }
            assertEquals(size, Files.size(path));
        }
    }

    @Test
    void shouldSayThatThereIsNoRoom() throws IOException, InterruptedException {
        run("mount", "-t", "tmpfs", "-o", "size=4m", "caracal-test", directory.toString());
        try (Fd file = Fd.open(directory.resolve("flows").toString(), Posix.O_RDWR | Posix.O_CREAT)) {
            final NativeCallException failure =
                assertThrows(NativeCallException.class, () -> HugePages.allocate(file, SIZE));
            assertEquals(Errno.ENOSPC, failure.errno(), failure.getMessage());
        } finally {
            run("umount", directory.toString());
        }
    }

    private static void run(final String... command) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), String.join(" ", command));
    }

    @Test
    void shouldLeaveNothingMappedAfterClosing() throws IOException {
        try (Fd file = Fd.memfd("mapped", SIZE, 0)) {
            MappedRegion.sharedAligned(file.number(), SIZE).close();
            final long before = Files.readAllLines(Path.of("/proc/self/maps")).size();
            for (int i = 0; i < 100; i++) {
                MappedRegion.sharedAligned(file.number(), SIZE).close();
            }
            final long after = Files.readAllLines(Path.of("/proc/self/maps")).size();
            assertTrue(after < before + 50, before + " mappings before a hundred more, " + after + " after");
        }
    }
}
