package io.caracal.policy;

import io.caracal.policy.model.PolicyId;

/**
 * Felix's {@code LogPrefix} with its specifiers: {@code %t} tier, {@code %k} short kind, {@code %n} name, {@code %p}
 * name with namespace (felix/rules/policy.go {@code generateLogPrefix}). Immutable; any thread.
 */
public final class PolicyLogFormat {
    /** Felix's default prefix. */
    public static final String DEFAULT_PREFIX = "calico-packet";

    private final String template;

    /**
     * Takes a template.
     *
     * @param template the prefix; empty for {@link #DEFAULT_PREFIX}.
     */
    public PolicyLogFormat(final String template) {
        this.template = template.isEmpty() ? DEFAULT_PREFIX : template;
    }

    /**
     * The prefix for a rule.
     *
     * @param place the log rule.
     * @param tier name of its tier; empty for a profile.
     * @return the template with the known specifiers filled in and all else as it is.
     */
    public String prefix(final RulePlace place, final String tier) {
        final PolicyId id = place.owner().policy();
        final String name = id == null ? place.owner().name().substring("profile ".length()) : id.name();
        final StringBuilder prefix = new StringBuilder();
        for (int i = 0; i < template.length(); i++) {
            final char next = template.charAt(i) == '%' && i + 1 < template.length() ? template.charAt(i + 1) : 0;
            final String filled = switch (next) {
                case 't' -> tier;
                case 'k' -> id == null ? "pro" : id.shortKind();
                case 'n' -> name;
                case 'p' -> id == null ? name : id.qualifiedName();
                default -> null;
            };
            prefix.append(filled == null ? String.valueOf(template.charAt(i)) : filled);
            i += filled == null ? 0 : 1;
        }
        return prefix.toString();
    }

    /**
     * The whole line.
     *
     * @param packet the packet.
     * @param place the log rule.
     * @param tier name of its tier.
     * @return prefix, packet and rule.
     */
    public String line(final PolicyPacket packet, final RulePlace place, final String tier) {
        return prefix(place, tier) + ": " + packet + " (" + place + ")";
    }
}
