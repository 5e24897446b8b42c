package io.caracal.handover;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * What Calico's iptables or nftables mode leaves in the kernel when Felix sees to it no longer: its chains, its rules
 * in other chains, its IP sets, its nftables tables. Nothing else is touched: a chain is Calico's by its prefix
 * {@code cali-}, a rule elsewhere by its comment {@code cali:…}, a set by {@code cali40…} or {@code cali60…}, a table
 * by its name {@code calico} (felix/rules/rule_defs.go, felix/ipsets, felix/nftables). One thread, in the host's
 * network namespace; needs root. A program that is not installed has left nothing.
 *
 * <p>NB: connections that the kernel masquerades go on without the rules as long as some chain of the nat table is
 * there, kube-proxy's for example.</p>
 */
public final class CalicoRules {
    private static final List<String> FLAVOURS = List.of("iptables-legacy", "iptables-nft", "ip6tables-legacy",
        "ip6tables-nft");
    private static final Pattern CHAIN = Pattern.compile(":(cali-\\S+) .*");
    private static final Pattern RULE_ELSEWHERE = Pattern.compile("-A (?!cali-)\\S+ .*--comment \"?cali:.*");
    private static final Pattern SET = Pattern.compile("cali(40|60|4t|6t)\\S*");
    private static final Pattern TABLE = Pattern.compile("table (ip|ip6) calico");
    private static final int SECONDS_MAX = 60;

    private final List<String> lines = new ArrayList<>();
    private final boolean removes;

    private CalicoRules(final boolean removes) {
        this.removes = removes;
    }

    /**
     * Looks for what Calico has left.
     *
     * @return a line each for tables with chains, IP sets and nftables tables; empty where there is nothing.
     * @throws IllegalStateException with what a program said that failed.
     */
    public static List<String> find() {
        return new CalicoRules(false).run();
    }

    /**
     * Removes what Calico has left, each table in one transaction.
     *
     * @return what there was, as {@link #find} tells it.
     * @throws IllegalStateException with what a program said that failed; what was removed before stays so.
     */
    public static List<String> remove() {
        return new CalicoRules(true).run();
    }

    private List<String> run() {
        for (final String flavour : FLAVOURS) {
            run("", flavour + "-save").ifPresent(saved -> tables(flavour, saved));
        }
        run("", "nft", "list", "tables").ifPresent(this::nftablesTables);
        run("", "ipset", "list", "-n").ifPresent(this::sets);
        return lines;
    }

    private void tables(final String flavour, final String saved) {
        final Map<String, List<String>> byTable = new LinkedHashMap<>();
        List<String> current = new ArrayList<>();
        for (final String line : saved.lines().toList()) {
            if (line.startsWith("*")) {
                current = byTable.computeIfAbsent(line, table -> new ArrayList<>());
            }
            current.add(line);
        }
        byTable.forEach((table, content) -> table(flavour, table, content));
    }

    private void table(final String flavour, final String table, final List<String> content) {
        final List<String> chains = content.stream().map(CHAIN::matcher).filter(matcher -> matcher.matches())
            .map(matcher -> matcher.group(1)).toList();
        final List<String> rules = content.stream().filter(line -> RULE_ELSEWHERE.matcher(line).matches()).toList();
        if (chains.isEmpty() && rules.isEmpty()) {
            return;
        }
        lines.add(chains.size() + " chains cali-… and " + rules.size() + " rules in other chains of " + flavour
            + " table " + table.substring(1));
        if (removes) {
            final StringBuilder script = new StringBuilder(table).append('\n');
            rules.forEach(rule -> script.append(rule.replaceFirst("-A", "-D")).append('\n'));
            chains.forEach(chain -> script.append("-F ").append(chain).append('\n'));
            chains.forEach(chain -> script.append("-X ").append(chain).append('\n'));
            run(script.append("COMMIT\n").toString(), flavour + "-restore", "--noflush", "-w", "10");
        }
    }

    private void nftablesTables(final String listed) {
        listed.lines().map(String::strip).filter(line -> TABLE.matcher(line).matches()).forEach(table -> {
            lines.add("nftables " + table);
            if (removes) {
                run("delete " + table + "\n", "nft", "-f", "-");
            }
        });
    }

    /** After the rules that name them. */
    private void sets(final String listed) {
        final List<String> sets = listed.lines().map(String::strip).filter(SET.asMatchPredicate()).toList();
        if (sets.isEmpty()) {
            return;
        }
        lines.add(sets.size() + " IP sets " + sets.getFirst() + (sets.size() == 1 ? "" : " …"));
        if (removes) {
            run(String.join("", sets.stream().map(set -> "destroy " + set + "\n").toList()), "ipset", "restore");
        }
    }

    /** What a program prints, or nothing where it is not installed. */
    private static Optional<String> run(final String input, final String... command) {
        final Process process;
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        } catch (final IOException notInstalled) {
            return Optional.empty();
        }
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (final IOException failure) {
            throw new UncheckedIOException("write to " + command[0], failure);
        }
        return Optional.of(output(process, command));
    }

    private static String output(final Process process, final String... command) {
        try {
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(String.join(" ", command) + " failed, or did not end in " + SECONDS_MAX
                    + " s: " + output.strip());
            }
            return output;
        } catch (final IOException failure) {
            throw new UncheckedIOException("read from " + command[0], failure);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(command[0] + ": interrupted", interrupted);
        } finally {
            process.destroyForcibly();
        }
    }
}
