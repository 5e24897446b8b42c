package io.caracal.policy.lookup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of anchors against a scan of all rules: many entries that want the same slot, and none at all. */
class AnchorTableTest {
    private static final int LOOKUPS = 20_000;
    private static final int TCP = 6;
    private static final int PORTS = 64;
    private static final Prefix ANY = new Prefix(false, 0, 0, 0);

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final Random random = new Random(seed);
    /** Rules that are checked are met if their index is even. */
    private final BoxTree.Point point = new BoxTree.Point(rule -> rule % 2 == 0);

    /** One rule: what it is found by, and whether it is to be checked. */
    private record Rule(int set, int port, boolean checked) {
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 2", "40, 30", "400, 30", "4000, 100", "30000, 4000"})
    void shouldFindWhatAScanFinds(final int ruleCount, final int setCount) {
        System.out.println("AnchorTableTest seed " + seed + ", " + ruleCount + " rules");
        final List<Rule> rules = new ArrayList<>();
        final AnchorTableBuilder builder = new AnchorTableBuilder(false);
        for (int i = 0; i < ruleCount; i++) {
            final Rule rule =
                new Rule(1 + random.nextInt(setCount), 1 + random.nextInt(PORTS), random.nextInt(8) == 0);
            rules.add(rule);
            builder.add(rule.set, AnchorTable.SOURCE, new Box(i, ANY, ANY, Box.ANY_PORT,
                new PortRange(rule.port, rule.port), TCP, Box.NEEDS_PORTS | (rule.checked ? Box.NEEDS_CHECK : 0)));
        }
        final AnchorTable table = builder.build();
        int found = 0;
        for (int i = 0; i < LOOKUPS; i++) {
            final Rule aim = rules.get(random.nextInt(ruleCount));
            final int port = random.nextInt(4) == 0 ? PORTS + 1 : aim.port;
            final int[] sets = random.ints(random.nextInt(12), 1, setCount + 2).toArray();
            final int[] own = IntStream.concat(Arrays.stream(sets), IntStream.of(
                aim.set)).distinct().sorted().toArray();
            final int from = random.nextInt(4) > 0 ? 0 : random.nextInt(ruleCount);
            final int below = random.nextInt(4) > 0 ? ruleCount : random.nextInt(ruleCount + 1);
            point.transport(Box.transport(TCP, 40_000, port), Box.NEEDS_PORTS);
            final int expected = scan(rules, own, port, from, below);
            assertEquals(expected, table.first(new AddressClass(own, 0), AnchorTable.SOURCE, point, from, below),
                () -> "seed " + seed + ": sets " + Arrays.toString(own) + " port " + port + " from " + from);
            found += expected == below ? 0 : 1;
        }
        assertTrue(found > 0 || ruleCount < 2, "no lookup found a rule");
    }

    private static int scan(final List<Rule> rules, final int[] sets, final int port, final int from,
        final int below) {
        for (int i = from; i < below; i++) {
            final Rule rule = rules.get(i);
            if (rule.port == port && Arrays.binarySearch(sets, rule.set) >= 0 && (!rule.checked || i % 2 == 0)) {
                return i;
            }
        }
        return below;
    }
}
