package io.caracal.perf.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Versions of what is measured and of what compiles it, as the programs themselves say them. */
public final class ToolVersions {
    private static final List<List<String>> COMMANDS = List.of(List.of("iptables-legacy", "--version"),
        List.of("nft", "--version"), List.of("ipset", "--version"), List.of("ovs-vswitchd", "--version"),
        List.of("ip", "-V"), List.of("clang", "--version"), List.of("cc", "--version"));

    private ToolVersions() {
    }

    /**
     * Asks the programs that are there.
     *
     * @return their first lines, joined; those that are absent are left out.
     */
    public static String ofThisMachine() {
        return COMMANDS.stream().map(ToolVersions::firstLine).flatMap(Optional::stream)
            .collect(Collectors.joining("; "));
    }

    private static Optional<String> firstLine(final List<String> command) {
        try {
            final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().findFirst();
        } catch (final IOException absent) {
            /* A peer that is not installed is left out of the measurements too, with a note that names its package. */
            return Optional.empty();
        }
    }
}
