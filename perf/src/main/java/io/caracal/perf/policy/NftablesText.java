package io.caracal.perf.policy;

import java.util.List;

import io.caracal.perf.forward.VethTopology;

/** The pod's rules as input of {@code nft -f}. */
final class NftablesText {
    private NftablesText() {
    }

    static String of(final PodRules rules) {
        final StringBuilder text = new StringBuilder("table ip bench {\n");
        for (int set = 0; set < rules.setCount(); set++) {
            final List<String> members = rules.members(set);
            text.append(" set pods").append(set).append(" { type ipv4_addr;")
                .append(members.isEmpty() ? "" : " elements = { " + String.join(", ", members) + " }").append(" }\n");
        }
        final StringBuilder endpoint = new StringBuilder(" chain endpoint {\n")
            .append("  meta mark set meta mark and 0xfffeffff\n");
        for (int tier = 0; tier < PodRules.TIERS.size(); tier++) {
            endpoint.append("  meta mark set meta mark and 0xfffdffff\n");
            final List<List<PodRule>> policies = rules.policies(tier);
            for (int policy = 0; policy < policies.size(); policy++) {
                final String chain = "pi_" + PodRules.TIERS.get(tier) + policy;
                text.append(" chain ").append(chain).append(" {\n");
                policies.get(policy).forEach(rule -> text.append("  ").append(rule(rule)).append('\n'));
                text.append(" }\n");
                endpoint.append(String.format("  meta mark and %s == 0 jump %s%n", KernelFilter.PASSED, chain))
                    .append(String.format("  meta mark and %s != 0 return%n", KernelFilter.ALLOWED));
            }
            if (PodRules.drops(tier)) {
                endpoint.append(String.format("  meta mark and %s == 0 drop%n", KernelFilter.PASSED));
            }
        }
        return text.append(endpoint).append(" }\n chain forward {\n")
            .append("  type filter hook forward priority 0; policy drop;\n")
            .append("  ct state established,related accept\n")
            .append(String.format("  oifname \"%s\" jump endpoint%n", VethTopology.EGRESS))
            .append(String.format("  meta mark and %s != 0 accept%n }%n}%n", KernelFilter.ALLOWED)).toString();
    }

    private static String rule(final PodRule rule) {
        final String verdict = switch (rule.action()) {
            case "deny" -> "drop";
            case "pass" -> "meta mark set meta mark or " + KernelFilter.PASSED + " return";
            default -> "meta mark set meta mark or " + KernelFilter.ALLOWED + " return";
        };
        return (rule.net().isEmpty() ? "" : "ip saddr " + rule.net() + " ")
            + (rule.set() == PodRule.NO_SET ? "" : "ip saddr @pods" + rule.set() + " ")
            + (rule.notSet() == PodRule.NO_SET ? "" : "ip saddr != @pods" + rule.notSet() + " ")
            + (rule.ports() == null ? "" : rule.protocol() + " dport " + rule.portsText("-") + " ") + verdict;
    }
}
