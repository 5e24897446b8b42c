package io.caracal.policy.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Felix's {@code Rule} message, field by field, on its way to a {@link Rule}: every setter is named after the field of
 * felixbackend.proto that it takes, so that a decoder cannot forget one silently. Fields that only repeat for people
 * what other fields say ({@code original_*}, {@code *_service_account_match}, whose selectors Felix has compiled into
 * IP sets, and {@code metadata}) have no setter: they match nothing. Not thread-safe; used once.
 */
public final class RuleFields {
    private static final int IPV4 = 4;
    private static final int IPV6 = 6;

    private final List<MatchDimension> matches = new ArrayList<>();
    private RuleAction action = RuleAction.ALLOW;
    private String id = "";

    /** Starts a rule that allows everything. */
    public RuleFields() {
    }

    /**
     * Field {@code action}.
     *
     * @param word Felix's word; empty means allow.
     * @return this.
     */
    public RuleFields action(final String word) {
        action = RuleAction.parse(word);
        return this;
    }

    /**
     * Field {@code rule_id}.
     *
     * @param ruleId opaque.
     * @return this.
     */
    public RuleFields ruleId(final String ruleId) {
        id = ruleId;
        return this;
    }

    /**
     * Field {@code ip_version}.
     *
     * @param version 0 (any), 4 or 6.
     * @return this.
     */
    public RuleFields ipVersion(final int version) {
        if (version != 0 && version != IPV4 && version != IPV6) {
            throw new PolicyException("ip_version " + version, "is none of 0 (any), 4, 6");
        }
        if (version != 0) {
            matches.add(new MatchDimension.Family(version == IPV6));
        }
        return this;
    }

    /**
     * Fields {@code protocol} and {@code not_protocol}.
     *
     * @param word name or number.
     * @param negated whether it is {@code not_protocol}.
     * @return this.
     */
    public RuleFields protocol(final String word, final boolean negated) {
        matches.add(new MatchDimension.Protocol(IpProtocol.parse(word), negated));
        return this;
    }

    /**
     * Fields {@code src_net}, {@code dst_net}, {@code not_src_net}, {@code not_dst_net}.
     *
     * @param side source or destination.
     * @param cidrs the field's strings; none means no criterion.
     * @param negated whether it is the negated field.
     * @return this.
     */
    public RuleFields nets(final PeerSide side, final List<String> cidrs, final boolean negated) {
        if (!cidrs.isEmpty()) {
            matches.add(new MatchDimension.Nets(side, cidrs.stream().map(Prefix::parse).toList(), negated));
        }
        return this;
    }

    /**
     * Fields {@code src_ip_set_ids}, {@code dst_ip_set_ids} and their negations: each set is a criterion of its own.
     *
     * @param side source or destination.
     * @param setIds the field's strings.
     * @param negated whether it is the negated field.
     * @return this.
     */
    public RuleFields ipSets(final PeerSide side, final List<String> setIds, final boolean negated) {
        for (final String setId : setIds) {
            matches.add(new MatchDimension.InIpSet(side, setId, negated));
        }
        return this;
    }

    /**
     * Fields {@code src_ports} with {@code src_named_port_ip_set_ids} (one criterion: either may match), likewise for
     * destination; negated, each field denies on its own, which is the same as neither matching.
     *
     * @param side source or destination.
     * @param ranges the numeric field.
     * @param namedPortSets the named-port field.
     * @param negated whether they are the negated fields.
     * @return this.
     */
    public RuleFields ports(final PeerSide side, final List<PortRange> ranges, final List<String> namedPortSets,
        final boolean negated) {
        if (!ranges.isEmpty() || !namedPortSets.isEmpty()) {
            matches.add(new MatchDimension.Ports(side, ranges, namedPortSets, negated));
        }
        return this;
    }

    /**
     * Field {@code dst_ip_port_set_ids}: each set is a criterion of its own.
     *
     * @param setIds the field's strings.
     * @return this.
     */
    public RuleFields dstIpPortSets(final List<String> setIds) {
        for (final String setId : setIds) {
            matches.add(new MatchDimension.InIpPortSet(setId));
        }
        return this;
    }

    /**
     * Fields {@code icmp_type}, {@code icmp_type_code} and their negations.
     *
     * @param type 0-255.
     * @param code 0-255, or {@link MatchDimension.Icmp#ANY_CODE} for the field without code.
     * @param negated whether it is the negated field.
     * @return this.
     */
    public RuleFields icmp(final int type, final int code, final boolean negated) {
        matches.add(new MatchDimension.Icmp(type, code, negated));
        return this;
    }

    /**
     * Field {@code http_match}, or any field that this version does not know: refused, since a rule without one of its
     * criteria would match more than its author wanted.
     *
     * @param field the field's name.
     * @return never.
     * @throws PolicyException always, with the field's name.
     */
    public RuleFields unsupported(final String field) {
        throw new PolicyException("rule field " + field,
            "is not supported: this dataplane matches layers 3 and 4 only");
    }

    /**
     * Ends the rule.
     *
     * @return the rule.
     */
    public Rule rule() {
        return new Rule(action, matches, id);
    }
}
