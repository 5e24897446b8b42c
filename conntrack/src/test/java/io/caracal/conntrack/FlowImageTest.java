package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowImageTest {
    private static final FlowImageSpec SPEC = Tables.spec(4, 100);

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("flows4");
    }

    @Test
    void shouldCreateThenRestoreThenForgetAtAReboot() throws IOException {
        try (FlowImage image = FlowImage.open(file, SPEC, Tables.BOOT)) {
            assertEquals(FlowImage.Origin.CREATED, image.origin());
            image.highWater(5);
            OffHeap.putInt(image.records(), 77);
        }
        assertEquals(SPEC.fileSize(), Files.size(file));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (FlowImage image = FlowImage.open(file, SPEC, Tables.BOOT)) {
            assertEquals(FlowImage.Origin.RESTORED, image.origin());
            assertEquals(5, image.highWater());
            assertEquals(77, OffHeap.getInt(image.records()));
        }
        try (FlowImage image = FlowImage.open(file, SPEC, new BootIdentity(3, 4))) {
            assertEquals(FlowImage.Origin.REBOOTED, image.origin());
            assertEquals(0, image.highWater());
            assertEquals(0, OffHeap.getInt(image.records()));
        }
    }

    @Test
    void shouldRefuseAFileThatIsOpen() {
        try (FlowImage image = FlowImage.open(file, SPEC, Tables.BOOT)) {
            assertRefusal(SPEC, "this process has it open already");
            assertEquals(file, image.file());
        }
    }

    @Test
    void shouldRefuseAnotherCapacityOrSharding() {
        FlowImage.open(file, SPEC, Tables.BOOT).close();
        assertRefusal(Tables.spec(4, 101), "capacity=100");
        assertRefusal(new FlowImageSpec(4, 100, 0, 2), "shardCount=1");
        assertRefusal(Tables.spec(6, 100), "ipVersion=4");
        FlowImage.open(file, SPEC, Tables.BOOT).close();
    }

    @Test
    void shouldRefuseADamagedHeaderWhicheverByteIsWrong() throws IOException {
        FlowImage.open(file, SPEC, Tables.BOOT).close();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int at = 0; at < 64; at++) {
                flip(channel, at);
                assertRefusal(SPEC, "damaged");
                flip(channel, at);
            }
        }
        FlowImage.open(file, SPEC, Tables.BOOT).close();
    }

    @Test
    void shouldBeginAnewWhereverTheMakingOfTheFileWasCut() throws IOException {
        FlowImage.open(file, SPEC, Tables.BOOT).close();
        final byte[] whole = Files.readAllBytes(file);
        /* Zeros first, then the header from its ninth byte on, then its first eight at once. */
        for (int cut = 8; cut <= 64; cut++) {
            final byte[] unfinished = new byte[whole.length];
            System.arraycopy(whole, 8, unfinished, 8, cut - 8);
            Files.write(file, unfinished);
            assertEquals(FlowImage.Origin.CREATED, originOf(), "cut after " + cut + " bytes of the header");
        }
        for (int length = 0; length < whole.length; length += 997) {
            Files.write(file, new byte[length]);
            assertEquals(FlowImage.Origin.CREATED, originOf(), "cut after " + length + " zeros");
        }
        assertEquals(FlowImage.Origin.RESTORED, originOf());
    }

    private FlowImage.Origin originOf() {
        try (FlowImage image = FlowImage.open(file, SPEC, Tables.BOOT)) {
            assertEquals(0, image.highWater());
            return image.origin();
        }
    }

    @Test
    void shouldRefuseATruncatedFile() throws IOException {
        FlowImage.open(file, SPEC, Tables.BOOT).close();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(SPEC.fileSize() - 1);
        }
        assertRefusal(SPEC, "bytes, not");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(10);
        }
        assertRefusal(SPEC, "damaged");
    }

    @Test
    void shouldTakeAHighWaterMarkOutOfRangeAsFull() {
        FlowImage.open(file, SPEC, Tables.BOOT).close();
        try (FlowImage image = FlowImage.open(file, SPEC, Tables.BOOT)) {
            image.highWater(101);
            assertEquals(100, image.highWater());
            image.highWater(-1);
            assertEquals(100, image.highWater());
        }
    }

    @Test
    void shouldReadTheBootIdOfThisMachine() {
        assertEquals(BootIdentity.current(), BootIdentity.current());
    }

    private void assertRefusal(final FlowImageSpec spec, final String reason) {
        final FlowImageException e = assertThrows(FlowImageException.class,
            () -> FlowImage.open(file, spec, Tables.BOOT));
        assertTrue(e.getMessage().contains(reason) && e.getMessage().contains(file.toString()), e.getMessage());
    }

    private static void flip(final FileChannel channel, final int at) throws IOException {
        final ByteBuffer one = ByteBuffer.allocate(1);
        channel.read(one, at);
        one.put(0, (byte)~one.get(0)).rewind();
        channel.write(one, at);
    }
}
