package io.caracal.perf.policy;

import java.util.List;

import io.caracal.perf.forward.VethTopology;

/** The pod's rules as input of {@code ipset restore} and {@code iptables-restore}. */
final class IptablesText {
    private static final String RETURN_IF = " -m mark --mark %s/%s -j RETURN%n";

    private final PodRules rules;
    private final StringBuilder text = new StringBuilder();

    IptablesText(final PodRules rules) {
        this.rules = rules;
    }

    String sets() {
        for (int set = 0; set < rules.setCount(); set++) {
            text.append("create pods-").append(set).append(" hash:ip family inet\n");
            for (final String member : rules.members(set)) {
                text.append("add pods-").append(set).append(' ').append(member).append('\n');
            }
        }
        return text.toString();
    }

    String rules() {
        text.append("*filter\n:endpoint - [0:0]\n");
        for (int tier = 0; tier < PodRules.TIERS.size(); tier++) {
            for (int policy = 0; policy < rules.policies(tier).size(); policy++) {
                text.append(String.format(":%s - [0:0]%n", chain(tier, policy)));
            }
        }
        text.append("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")
            .append(String.format("-A FORWARD -o %s -j endpoint%n", VethTopology.EGRESS))
            .append(String.format("-A FORWARD -m mark --mark %s/%<s -j ACCEPT%n", KernelFilter.ALLOWED))
            .append("-A FORWARD -j DROP\n")
            .append(String.format("-A endpoint -j MARK --set-xmark 0x0/%s%n", KernelFilter.ALLOWED));
        for (int tier = 0; tier < PodRules.TIERS.size(); tier++) {
            addTier(tier, rules.policies(tier));
        }
        return text.append("COMMIT\n").toString();
    }

    private static String chain(final int tier, final int policy) {
        return "pi-" + PodRules.TIERS.get(tier) + policy;
    }

    private void addTier(final int tier, final List<List<PodRule>> policies) {
        text.append(String.format("-A endpoint -j MARK --set-xmark 0x0/%s%n", KernelFilter.PASSED));
        for (int policy = 0; policy < policies.size(); policy++) {
            text.append(String.format("-A endpoint -m mark --mark 0x0/%s -j %s%n", KernelFilter.PASSED,
                chain(tier, policy)));
            text.append(String.format("-A endpoint" + RETURN_IF, KernelFilter.ALLOWED, KernelFilter.ALLOWED));
            for (final PodRule rule : policies.get(policy)) {
                addRule("-A " + chain(tier, policy), rule);
            }
        }
        if (PodRules.drops(tier)) {
            text.append(String.format("-A endpoint -m mark --mark 0x0/%s -j DROP%n", KernelFilter.PASSED));
        }
    }

    private void addRule(final String begin, final PodRule rule) {
        text.append(begin).append(matches(rule));
        if ("deny".equals(rule.action())) {
            text.append(" -j DROP\n");
            return;
        }
        final String mark = "pass".equals(rule.action()) ? KernelFilter.PASSED : KernelFilter.ALLOWED;
        text.append(String.format(" -j MARK --set-xmark %s/%<s%n", mark));
        text.append(begin).append(String.format(RETURN_IF, mark, mark));
    }

    private static String matches(final PodRule rule) {
        return (rule.protocol().isEmpty() ? "" : " -p " + rule.protocol())
            + (rule.net().isEmpty() ? "" : " -s " + rule.net())
            + (rule.set() == PodRule.NO_SET ? "" : " -m set --match-set pods-" + rule.set() + " src")
            + (rule.notSet() == PodRule.NO_SET ? "" : " -m set ! --match-set pods-" + rule.notSet() + " src")
            + (rule.ports() == null ? ""
                : " -m multiport --destination-ports " + rule.portsText(":"));
    }
}
