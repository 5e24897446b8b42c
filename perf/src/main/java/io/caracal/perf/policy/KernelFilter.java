package io.caracal.perf.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.caracal.perf.BenchException;

/**
 * A packet filter of the kernel that is given the pod's rules as Felix would write them: chains for policies, marks for
 * allow and pass, established flows accepted first.
 */
enum KernelFilter {
    /** iptables with ipset, as Felix's iptables dataplane; its own tables, not nftables under its name. */
    IPTABLES("iptables", Map.of("iptables-legacy-restore", "iptables", "ipset", "ipset")) {
        @Override
        void install(final String namespace, final PodRules rules) throws InterruptedException {
            run(namespace, List.of("ipset", "restore"), new IptablesText(rules).sets());
            run(namespace, List.of("iptables-legacy-restore"), new IptablesText(rules).rules());
        }
    },
    /** nftables with its own sets, as Felix's nftables dataplane. */
    NFTABLES("nftables", Map.of("nft", "nftables")) {
        @Override
        void install(final String namespace, final PodRules rules) throws InterruptedException {
            run(namespace, List.of("nft", "-f", "-"), NftablesText.of(rules));
        }
    };

    /** Mark of a packet that an endpoint's policy has allowed. */
    static final String ALLOWED = "0x10000";
    /** Mark of a packet that has left the tier. */
    static final String PASSED = "0x20000";

    private static final int TIMEOUT_SECONDS = 240;
    private static final List<Path> FOLDERS = List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"));

    private final String who;
    private final Map<String, String> packageOf;

    KernelFilter(final String who, final Map<String, String> packageOf) {
        this.who = who;
        this.packageOf = packageOf;
    }

    /** As in the rows. */
    String who() {
        return who;
    }

    /** Debian's packages of programs that are missing on this machine, sorted; empty if it can be measured. */
    List<String> missing() {
        return packageOf.entrySet().stream()
            .filter(entry -> FOLDERS.stream().noneMatch(folder -> Files.isExecutable(folder.resolve(entry.getKey()))))
            .map(Map.Entry::getValue).sorted().toList();
    }

    /** Gives it the rules for everything that is forwarded to the pod. */
    abstract void install(String namespace, PodRules rules) throws InterruptedException;

    /** Runs a program in a namespace, its input from a text. */
    static String run(final String namespace, final List<String> command, final String input)
        throws InterruptedException {
        final List<String> whole = new java.util.ArrayList<>(List.of("ip", "netns", "exec", namespace));
        whole.addAll(command);
        try {
            final Path in = Files.writeString(Files.createTempFile("caracal-bench-", ".in"), input);
            final Path out = Files.createTempFile("caracal-bench-", ".out");
            try {
                final Process process = new ProcessBuilder(whole).redirectInput(in.toFile())
                    .redirectErrorStream(true).redirectOutput(out.toFile()).start();
                if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new BenchException(String.join(" ", whole) + ": not done after " + TIMEOUT_SECONDS + " s");
                }
                final String said = Files.readString(out);
                if (process.exitValue() != 0) {
                    throw new BenchException(String.join(" ", whole) + ": exit code " + process.exitValue() + ": "
                        + said.lines().limit(5).toList());
                }
                return said;
            } finally {
                Files.delete(in);
                Files.delete(out);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("run " + String.join(" ", whole), e);
        }
    }
}
