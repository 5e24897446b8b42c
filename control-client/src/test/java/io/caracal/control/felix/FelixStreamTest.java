package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.control.SharedFiles;
import io.caracal.control.proto.ToDataplane;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Recorded streams of a real Felix: what we make of them is what the dumps beside them say. */
class FelixStreamTest {
    private static final int ORDERS = 20;

    @TestFactory
    Stream<DynamicTest> shouldEndInTheStateOfTheDumpInEveryAllowedOrder() {
        return streams().stream().map(file -> DynamicTest.dynamicTest(name(file), () -> checkAllOrders(file)));
    }

    @Test
    void shouldFindTheStreams() {
        assertEquals(8, streams().size());
    }

    private static List<Path> streams() {
        return SharedFiles.entries(SharedFiles.path("felix/streams"), "*.bin.gz");
    }

    private static String name(final Path file) {
        return file.getFileName().toString().replace(".bin.gz", "");
    }

    private static void checkAllOrders(final Path file) throws IOException {
        final List<ToDataplane> recorded = new ArrayList<>();
        FelixStreamFile.forEach(file, recorded::add);
        final List<JsonNode> dump = FelixJson.dump(file.resolveSibling(name(file) + ".txt.gz"));
        assertEquals(dump.size(), recorded.size(), "frames");
        for (int i = 0; i < dump.size(); i++) {
            assertEquals(dump.get(i), FelixJson.json(recorded.get(i)), "frame " + i);
        }
        final Map<String, JsonNode> expected = FelixJson.finalState(dump);
        final OrderCheckingListener first = replay(recorded, new Random(0), expected);
        final long seed = Long.getLong("caracal.seed", 20_260_101);
        final Random random = new Random(seed);
        for (int order = 0; order < ORDERS; order++) {
            final OrderCheckingListener other = replay(AllowedOrder.shuffle(recorded, random), random, expected);
            final String what = name(file) + " order " + order + " seed " + seed;
            assertEquals(first.network, other.network, what);
            assertEquals(first.attached, other.attached, what);
            assertEquals(sorted(first), sorted(other), what);
        }
    }

    private static OrderCheckingListener replay(final List<ToDataplane> messages, final Random flushes,
        final Map<String, JsonNode> expected) throws IOException {
        final OrderCheckingListener listener = new OrderCheckingListener();
        final FelixSession session = new FelixSession(new ChangeFeed(listener, key -> "stream"), new FelixCounters());
        for (final ToDataplane message : messages) {
            assertTrue(session.isInSync() || listener.heard.isEmpty(), "something was told before in-sync");
            session.take(message);
            if (flushes.nextInt(3) == 0) {
                session.flush();
            }
        }
        session.flush();
        final List<JsonNode> said = new ArrayList<>();
        for (final ToDataplane message : session.said().messages()) {
            said.add(FelixJson.json(message));
        }
        assertEquals(expected, FelixJson.finalState(said));
        assertEquals(List.of(), listener.policy.problems().stream().filter(p -> !p.toString().contains("IPIP")).toList());
        assertEquals(expected.keySet().stream().filter(key -> key.startsWith("route ")).count(),
            listener.network.keySet().stream().filter(key -> key.startsWith("route ")).count(), "routes");
        assertEquals(expected.keySet().stream().filter(key -> key.startsWith("workload_endpoint ")).count(),
            listener.attached.size(), "endpoints");
        return listener;
    }

    /** The policy set's lists in no particular order. */
    private static List<String> sorted(final OrderCheckingListener listener) {
        final var set = listener.policy.policySet(List.of());
        final List<String> all = new ArrayList<>();
        set.objects().ipSets().forEach(each -> {
            final List<String> members = new ArrayList<>();
            for (int row = 0; row < each.members().count(); row++) {
                members.add(each.members().text(row));
            }
            all.add(each.id() + members.stream().sorted().toList());
        });
        set.objects().policies().forEach(each -> all.add(each.toString()));
        set.objects().profiles().forEach(each -> all.add(each.toString()));
        set.endpoints().workloads().forEach(each -> all.add(each.toString() + each.tiers() + each.profiles()));
        set.endpoints().hosts().forEach(each -> all.add(each.toString() + each.tiers() + each.profiles()));
        all.add(set.config().toString());
        all.sort(null);
        return all;
    }

    @Test
    void shouldTellNothingWhenARestartedFelixSaysTheSame() throws IOException {
        final Path file = SharedFiles.path("felix/streams").resolve("churn.bin.gz");
        final OrderCheckingListener listener = new OrderCheckingListener();
        final ChangeFeed feed = new ChangeFeed(listener, key -> "stream");
        FelixStreamFile.replay(file, feed);
        final int before = listener.heard.size();
        final FelixSession second = FelixStreamFile.replay(file, feed);
        /* The whole recording again: at its in-sync the state differs from that at its end, after it it is the same. */
        assertTrue(listener.heard.size() > before);
        final int atEnd = listener.heard.size();
        final FelixState same = new FelixState();
        second.said().messages().forEach(same::take);
        feed.replace(same);
        assertEquals(atEnd, listener.heard.size());
    }

    @Test
    void shouldTellOnlyTheConfigurationWhenOnlyThatChangesWithTheRestart() throws IOException {
        final Path streams = SharedFiles.path("felix/streams");
        final OrderCheckingListener listener = new OrderCheckingListener();
        final ChangeFeed feed = new ChangeFeed(listener, key -> "stream");
        FelixStreamFile.replay(streams.resolve("felix-restart-1.bin.gz"), feed);
        listener.heard.clear();
        FelixStreamFile.replay(streams.resolve("felix-restart-2.bin.gz"), feed);
        assertEquals(List.of("FelixSettings", "SettingsUpdate"),
            listener.heard.stream().map(update -> update.getClass().getSimpleName()).toList());
    }
}
