package io.caracal.perf.policy;

import java.util.List;
import java.util.Locale;

/** The pod's rules as Calico v3 YAML: tiers, global policies for pods with a label, a network set for each set. */
final class PodRulesYaml {
    /** Label that the policies select. */
    static final String LABEL = "bench";
    /** Its value. */
    static final String VALUE = "target";

    private final PodRules rules;
    private final StringBuilder text = new StringBuilder();

    private PodRulesYaml(final PodRules rules) {
        this.rules = rules;
    }

    static String of(final PodRules rules) {
        final PodRulesYaml yaml = new PodRulesYaml(rules);
        for (int set = 0; set < rules.setCount(); set++) {
            yaml.addSet(set);
        }
        for (int tier = 0; tier < PodRules.TIERS.size(); tier++) {
            yaml.addTier(tier);
        }
        return yaml.text.toString();
    }

    private void begin(final String kind, final String name) {
        text.append("---\napiVersion: projectcalico.org/v3\nkind: ").append(kind).append("\nmetadata:\n  name: ")
            .append(name).append('\n');
    }

    private void addSet(final int set) {
        final List<String> members = rules.members(set);
        begin("GlobalNetworkSet", "pods-" + set);
        text.append("  labels:\n    set: s").append(set).append("\nspec:\n  nets: [");
        for (int member = 0; member < members.size(); member++) {
            text.append(member == 0 ? "" : ", ").append(members.get(member)).append("/32");
        }
        text.append("]\n");
    }

    private void addTier(final int tier) {
        final String name = PodRules.TIERS.get(tier);
        begin("Tier", name);
        text.append("spec:\n  order: ").append(tier + 1).append("\n  defaultAction: ")
            .append(PodRules.drops(tier) ? "Deny" : "Pass").append('\n');
        final List<List<PodRule>> policies = rules.policies(tier);
        for (int policy = 0; policy < policies.size(); policy++) {
            begin("GlobalNetworkPolicy", name + ".p" + policy);
            text.append("spec:\n  tier: ").append(name).append("\n  order: ").append(policy + 1)
                .append("\n  selector: ").append(LABEL).append(" == '").append(VALUE)
                .append("'\n  types: [Ingress]\n  ingress:\n");
            policies.get(policy).forEach(this::addRule);
        }
    }

    private void addRule(final PodRule rule) {
        text.append("  - action: ").append(Character.toUpperCase(rule.action().charAt(0)))
            .append(rule.action(), 1, rule.action().length()).append('\n');
        if (!rule.protocol().isEmpty()) {
            text.append("    protocol: ").append(rule.protocol().toUpperCase(Locale.ROOT)).append('\n');
        }
        text.append("    source:\n");
        if (rule.set() != PodRule.NO_SET) {
            text.append("      selector: set == 's").append(rule.set()).append("'\n");
        }
        if (rule.notSet() != PodRule.NO_SET) {
            text.append("      notSelector: set == 's").append(rule.notSet()).append("'\n");
        }
        if (!rule.net().isEmpty()) {
            text.append("      nets: [").append(rule.net()).append("]\n");
        }
        if (rule.ports() != null) {
            text.append("    destination:\n      ports: [\"").append(rule.portsText(":")).append("\"]\n");
        }
    }
}
