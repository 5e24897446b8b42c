package io.caracal.perf.policy;

import java.util.List;
import java.util.Map;

import io.caracal.perf.tool.NamespaceCommand;

/**
 * A packet filter of the kernel that is given the pod's rules as Felix would write them: chains for policies, marks for
 * allow and pass, established flows accepted first.
 */
enum KernelFilter {
    /** iptables with ipset, as Felix's iptables dataplane; its own tables, not nftables under its name. */
    IPTABLES("iptables", Map.of("iptables-legacy-restore", "iptables", "ipset", "ipset")) {
        @Override
        void install(final String namespace, final PodRules rules) throws InterruptedException {
            NamespaceCommand.run(namespace, List.of("ipset", "restore"), new IptablesText(rules).sets());
            NamespaceCommand.run(namespace, List.of("iptables-legacy-restore"), new IptablesText(rules).rules());
        }
    },
    /** nftables with its own sets, as Felix's nftables dataplane. */
    NFTABLES("nftables", Map.of("nft", "nftables")) {
        @Override
        void install(final String namespace, final PodRules rules) throws InterruptedException {
            NamespaceCommand.run(namespace, List.of("nft", "-f", "-"), NftablesText.of(rules));
        }
    };

    /** Mark of a packet that an endpoint's policy has allowed. */
    static final String ALLOWED = "0x10000";
    /** Mark of a packet that has left the tier. */
    static final String PASSED = "0x20000";

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
        return NamespaceCommand.missingPackages(packageOf);
    }

    /** Gives it the rules for everything that is forwarded to the pod. */
    abstract void install(String namespace, PodRules rules) throws InterruptedException;
}
