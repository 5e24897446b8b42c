package io.caracal.perf.pods;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The recorded rules with as many pods as one likes: each gets the chains that Felix wrote for a recorded pod,
 * and the two dispatch chains are trees by the first digit that differs, as Felix makes them when interfaces are many
 * (felix/rules/dispatch.go). Stateless.
 */
final class ManyPodRules {
    /** A pod under no policy of its own; its chains are the pattern for all. */
    private static final String PATTERN = "cali656afe90a5c";
    private static final String PREFIX = "cali";

    private ManyPodRules() {
    }

    /** The recorded text with the chains of these interfaces in the place of the recorded pods'. */
    static String of(final String recorded, final List<String> interfaces) {
        final StringBuilder text = new StringBuilder();
        final List<String> lines = recorded.lines().toList();
        for (final String line : lines) {
            if (line.equals(":cali-from-wl-dispatch - [0:0]")) {
                text.append(chains(lines, interfaces));
            }
            if (line.startsWith("-A cali-from-wl-dispatch -m comment")) {
                text.append(dispatch("cali-from-wl-dispatch", "-i", "cali-fw-", interfaces));
            }
            if (line.startsWith("-A cali-to-wl-dispatch -m comment")) {
                text.append(dispatch("cali-to-wl-dispatch", "-o", "cali-tw-", interfaces));
            }
            if (!isOfRecordedPod(line)) {
                text.append(line).append('\n');
            }
            if (line.equals("-A FORWARD -m comment --comment \"cali:wUHhoiAYhphO9Mso\" -j cali-FORWARD")) {
                text.append(rules(lines, interfaces));
            }
        }
        return text.toString();
    }

    /** Chains, rules and dispatch of a recorded pod: whatever names an interface of one. */
    private static boolean isOfRecordedPod(final String line) {
        return line.matches(".*\\bcali[0-9a-f]{11}\\b.*");
    }

    private static String chains(final List<String> lines, final List<String> interfaces) {
        final StringBuilder text = new StringBuilder();
        for (final String digit : byDigit(interfaces).keySet()) {
            text.append(":cali-from-wl-dispatch-").append(digit).append(" - [0:0]\n:cali-to-wl-dispatch-")
                .append(digit).append(" - [0:0]\n");
        }
        return text + copies(lines, ":", interfaces);
    }

    private static String rules(final List<String> lines, final List<String> interfaces) {
        return copies(lines, "-A cali-[ft]w-", interfaces);
    }

    /** The pattern pod's lines that begin so, for each interface. */
    private static String copies(final List<String> lines, final String begin, final List<String> interfaces) {
        final List<String> pattern = lines.stream()
            .filter(line -> line.matches(begin + ".*") && line.contains(PATTERN)).toList();
        return interfaces.stream().flatMap(name -> pattern.stream().map(line -> line.replace(PATTERN, name)))
            .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String dispatch(final String chain, final String option, final String target,
                                   final List<String> interfaces) {
        final StringBuilder text = new StringBuilder();
        byDigit(interfaces).forEach((digit, names) -> {
            text.append("-A %1$s %2$s %3$s%4$s+ -g %1$s-%4$s%n".formatted(chain, option, PREFIX, digit));
            names.forEach(name -> text.append("-A %s-%s %s %s -g %s%s%n".formatted(chain, digit, option, name, target,
                name)));
            text.append("-A %s-%s -m comment --comment \"Unknown interface\" -j DROP%n".formatted(chain, digit));
        });
        return text.toString();
    }

    private static Map<String, List<String>> byDigit(final List<String> interfaces) {
        return interfaces.stream().collect(Collectors.groupingBy(
            name -> name.substring(PREFIX.length(), PREFIX.length() + 1), TreeMap::new, Collectors.toList()));
    }
}
