package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.control.proto.ToDataplane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One running engine, and one Felix after the other: every recorded stream in the recorded order and in twenty others,
 * through the real driver. Each ends in the state of the recording's dump, and the same comes into force as in the
 * recorded order.
 */
@Timeout(300)
class FelixOrderTest extends TwoPodNode {
    private static final int ORDERS = 20;
    private static final long SEED = Long.getLong("caracal.seed", 20_260_101);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private long saidBytes;

    FelixOrderTest() {
        super("orders");
    }

    @Test
    void shouldEndInTheStateOfTheDumpInEveryAllowedOrder() throws Exception {
        final List<Path> files = FelixDump.entries(FelixDump.folder("streams"), ".bin.gz");
        assertEquals(8, files.size(), files.toString());
        try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node)) {
            for (final Path file : files) {
                replay(file);
            }
            final JsonNode counters = view.ask("status").path("source").path("counters");
            assertEquals(files.size() * (1 + ORDERS), counters.path("connections").asInt(), engine.log());
            assertEquals(0, counters.path("protocol-errors").asLong() + counters.path("connection-errors").asLong(),
                engine.log());
        }
    }

    private void replay(final Path file) throws Exception {
        final long startNs = System.nanoTime();
        final List<ToDataplane> recorded = FelixReplayer.recording(file);
        final List<JsonNode> dump = FelixDump.read(
            file.resolveSibling(file.getFileName().toString().replace(".bin.gz", ".txt.gz")));
        final Map<String, JsonNode> expected = FelixDump.finalState(dump);
        final FelixOrder orders = new FelixOrder(recorded, dump);
        final JsonNode inForce =
            tell(recorded, expected, file + " as recorded", policy -> FelixDump.countsOf(expected, policy));
        int others = 0;
        for (int order = 0; order < ORDERS; order++) {
            final List<ToDataplane> shuffled = orders.shuffled(random);
            assertEquals(recorded.size(), shuffled.size());
            others += shuffled.equals(recorded) ? 0 : 1;
            final String what = file + " order " + order + " seed " + SEED;
            tell(shuffled, expected, what, inForce::equals);
        }
        assertNotEquals(0, others, "no order is another one");
        System.out.printf("%s: %d messages, %d of %d orders differ, %d ms%n", file.getFileName(), recorded.size(),
            others, ORDERS, (System.nanoTime() - startNs) / 1_000_000);
    }

    /** A Felix says all of it: what is in force then, which shall be what is wanted. */
    private JsonNode tell(final List<ToDataplane> messages, final Map<String, JsonNode> expected, final String what,
                          final Predicate<JsonNode> isWanted) throws Exception {
        try (FelixReplayer felix = FelixReplayer.start(node)) {
            felix.say(messages);
            saidBytes += FelixReplayer.bytesOf(messages);
            NodeView.await(what + " is read", () -> source().path("counters").path("bytes").asLong() >= saidBytes
                && source().path("phase").asText().equals("in sync"));
            NodeView.await(what + " ends in its dump's state", () -> FelixDump.finalState(said()).equals(expected));
            NodeView.await(what + " is in force", () -> isWanted.test(view.ask("policy")));
            FelixDump.assertOnlyDocumented(view.problems(), what);
        }
        NodeView.await(what + " is over", () -> source().path("phase").asText().equals("last good state"));
        return view.ask("policy");
    }

    private JsonNode source() throws Exception {
        return view.ask("status").path("source");
    }

    private List<JsonNode> said() throws Exception {
        final List<JsonNode> messages = new ArrayList<>();
        view.ask("said").path("messages").forEach(messages::add);
        return messages;
    }
}
