package io.caracal.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.burst.DropReason;

/**
 * Everything that the demo showed, for people and for scripts.
 *
 * @param results       the steps that were tried, in their order.
 * @param engineReadyMs from the engine's start until it took traffic.
 * @param counters      what the engine had counted at the end.
 * @param elapsedMs     the whole demo.
 */
record DemoReport(List<Result> results, long engineReadyMs, EngineCounters counters, long elapsedMs) {
    /** Narrow enough for a terminal of 120 columns. */
    private static final int HAPPENED_MAX_WIDTH = 62;

    /**
     * A step and its outcome.
     *
     * @param step    what was tried.
     * @param outcome how it ended.
     * @param packets packets that Java received meanwhile.
     * @param cachedPackets packets that the flow cache sent on meanwhile.
     */
    record Result(DemoStep step, Outcome outcome, long packets, long cachedPackets) {
    }

    boolean passed() {
        return !results.isEmpty() && results.stream().allMatch(result -> result.outcome().passed());
    }

    /** The closing table and what was counted, a line each. */
    List<String> lines(final Console console) {
        final List<String> lines = new ArrayList<>();
        final int titleWidth = results.stream().mapToInt(result -> result.step().title().length()).max().orElse(0);
        lines.add(console.bold("    " + Text.padded("what was tried", titleWidth) + "  "
            + Text.padded("what happened", HAPPENED_MAX_WIDTH) + "  packets in Java    in the cache"));
        for (final Result result : results) {
            lines.add("  " + console.mark(result.outcome().passed()) + ' '
                + Text.padded(result.step().title(), titleWidth) + "  "
                + Text.padded(clipped(result.outcome().happened()), HAPPENED_MAX_WIDTH)
                + "  " + String.format("%15s %15s", Text.count(result.packets()),
                Text.count(result.cachedPackets())));
        }
        lines.add("");
        lines.add("    Java received " + Text.count(counters.rxPackets()) + " packets ("
            + Text.scaled(counters.rxBytes(), "B") + "), sent " + Text.count(counters.txPackets()) + ", dropped "
            + Text.count(counters.dropCount()) + "; its flow cache sent " + Text.count(counters.cachedPackets())
            + " (GSO packets as one)" + (counters.drops().isEmpty() ? "." : ":"));
        counters.drops().forEach((label, count) ->
            lines.add("    " + String.format("%12s", Text.count(count)) + "  " + label + ": " + sentence(label)));
        final long failed = results.stream().filter(result -> !result.outcome().passed()).count();
        lines.add("");
        lines.add(failed == 0 ? "    All " + results.size() + " steps did what they should, in "
            + Text.decimal(elapsedMs / 1000.0) + " s." : "    " + failed + " of " + results.size() + " steps failed.");
        return lines;
    }

    private static String clipped(final String text) {
        final String line = text.lines().findFirst().orElse("");
        return line.length() <= HAPPENED_MAX_WIDTH ? line : line.substring(0, HAPPENED_MAX_WIDTH - 1) + '…';
    }

    private static String sentence(final String label) {
        for (final DropReason reason : DropReason.values()) {
            if (reason.label().equals(label)) {
                return reason.sentence();
            }
        }
        return "(a reason that this version does not know)";
    }

    /** One document with all of it. */
    ObjectNode json() {
        final ObjectNode root = new JsonMapper().createObjectNode();
        root.put("passed", passed()).put("elapsedMs", elapsedMs).put("engineReadyMs", engineReadyMs);
        final ArrayNode steps = root.putArray("steps");
        for (final Result result : results) {
            final ObjectNode step = steps.addObject();
            step.put("name", result.step().name()).put("title", result.step().title())
                .put("passed", result.outcome().passed()).put("happened", result.outcome().happened())
                .put("packets", result.packets()).put("cachedPackets", result.cachedPackets());
            put(step.putObject("figures"), result.outcome().figures());
        }
        root.putObject("counters").put("rxPackets", counters.rxPackets()).put("rxBytes", counters.rxBytes())
            .put("txPackets", counters.txPackets()).put("txBytes", counters.txBytes())
            .put("cachedPackets", counters.cachedPackets());
        counters.drops().forEach(root.putObject("drops")::put);
        counters.bpf().forEach(root.putObject("bpf")::put);
        return root;
    }

    private static void put(final ObjectNode object, final Map<String, Double> figures) {
        figures.forEach((name, value) -> {
            if (value == Math.rint(value)) {
                object.put(name, value.longValue());
            } else {
                object.put(name, value);
            }
        });
    }
}
