package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.caracal.control.Fuzzing;
import io.caracal.control.SharedFiles;
import io.caracal.control.proto.ToDataplane;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Strangers' bytes in Felix's place: a named end or a named refusal, the last good state kept, nothing else thrown. */
class FelixFuzzTest {
    private static final long FRAME_MAX_BYTES = 1 << 20;

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final Random random = new Random(seed);

    private static byte[] recording(final String name) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(
            SharedFiles.path("felix/streams").resolve(name + ".bin.gz")))) {
            return in.readAllBytes();
        }
    }

    private static void feed(final byte[] bytes, final FelixSession session) throws IOException {
        final FelixFrameReader reader = new FelixFrameReader(new ByteArrayInputStream(bytes), FRAME_MAX_BYTES);
        for (ToDataplane message = reader.next(); message != null; message = reader.next()) {
            session.take(message);
            session.flush();
        }
    }

    @Test
    void shouldEndOrRefuseByNameWhateverTheBytes() throws IOException {
        final byte[] good = recording("host-endpoint");
        int ended = 0;
        int taken = 0;
        final Fuzzing until = new Fuzzing();
        while (until.hasTime()) {
            final ChangeFeed feed = new ChangeFeed(new OrderCheckingListener(), key -> "fuzz");
            try {
                feed(mutated(good), new FelixSession(feed, new FelixCounters()));
                taken++;
            } catch (final FelixProtocolException e) {
                assertTrue(!e.getMessage().isBlank());
                ended++;
            } catch (final RuntimeException | Error e) {
                fail("seed " + seed + " case " + (taken + ended), e);
            }
            feed.problems().forEach(problem -> assertTrue(!problem.object().isEmpty(), problem.toString()));
        }
        System.out.println("Felix bytes fuzz: seed " + seed + ", taken " + taken + ", ended " + ended);
        assertTrue(taken > 0 && ended > 0, taken + " taken, " + ended + " ended");
    }

    private byte[] mutated(final byte[] good) {
        final byte[] bytes = good.clone();
        for (int n = random.nextInt(4); n >= 0; n--) {
            final int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte)(1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte)random.nextInt(256);
                case 2 -> System.arraycopy(good, random.nextInt(good.length - 16), bytes,
                    Math.min(at, bytes.length - 16), 16);
                default -> {
                    return Arrays.copyOf(bytes, at);
                }
            }
        }
        return bytes;
    }

    @Test
    void shouldStayWholeWhateverTheOrderAndRecoverWithTheNextGoodStream() throws IOException {
        final List<ToDataplane> pool = new ArrayList<>();
        for (final String name : List.of("host-endpoint", "felix-restart-2", "dual-stack")) {
            FelixStreamFile.forEach(SharedFiles.path("felix/streams").resolve(name + ".bin.gz"), pool::add);
        }
        final byte[] good = recording("cluster-start");
        final OrderCheckingListener expected = new OrderCheckingListener();
        feed(good, new FelixSession(new ChangeFeed(expected, key -> "good"), new FelixCounters()));
        int count = 0;
        final Fuzzing until = new Fuzzing();
        while (until.hasTime()) {
            final OrderCheckingListener listener = new OrderCheckingListener();
            final ChangeFeed feed = new ChangeFeed(listener, key -> "fuzz");
            final FelixSession session = new FelixSession(feed, new FelixCounters());
            session.take(Frames.config());
            for (int n = random.nextInt(150); n >= 0; n--) {
                session.take(pool.get(random.nextInt(pool.size())));
                if (random.nextInt(4) == 0) {
                    session.flush();
                }
            }
            session.flush();
            feed(good, new FelixSession(feed, new FelixCounters()));
            final String what = "seed " + seed + " case " + count++;
            assertEquals(expected.network, listener.network, what);
            assertEquals(expected.attached, listener.attached, what);
            assertEquals(expected.policy.policySet(List.of()).objects().policies(),
                listener.policy.policySet(List.of()).objects().policies(), what);
            assertEquals(List.of(), listener.policy.problems(), what);
        }
        System.out.println("Felix order fuzz: seed " + seed + ", " + count + " streams");
        assertTrue(count > 0);
    }
}
