package io.caracal.control.felix;

import io.caracal.control.proto.IcmpTypeAndCode;
import io.caracal.control.proto.Protocol;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import java.util.ArrayList;
import java.util.List;

/**
 * Felix's rules → the model's. Every field that narrows a rule is matched or the rule is refused by the field's name:
 * a rule without one of its criteria would match more than its author wanted.
 */
final class RuleConversion {
    private RuleConversion() {
    }

    /** @throws PolicyException naming direction, rule and field. */
    static List<Rule> rules(final String direction, final List<io.caracal.control.proto.Rule> rules) {
        final List<Rule> converted = new ArrayList<>(rules.size());
        for (final io.caracal.control.proto.Rule rule : rules) {
            try {
                converted.add(rule(rule));
            } catch (final PolicyException e) {
                throw e.within(direction + " rule " + converted.size());
            }
        }
        return converted;
    }

    private static Rule rule(final io.caracal.control.proto.Rule rule) {
        final RuleFields fields = new RuleFields().action(rule.getAction()).ipVersion(rule.getIpVersionValue())
            .ruleId(rule.getRuleId());
        if (rule.hasHttpMatch()) {
            fields.unsupported("http_match");
        }
        UnknownFields.of(rule).forEach(fields::unsupported);
        protocols(fields, rule);
        addresses(fields, rule);
        fields.ports(PeerSide.SOURCE, ranges(rule.getSrcPortsList()), rule.getSrcNamedPortIpSetIdsList(), false)
            .ports(PeerSide.DESTINATION, ranges(rule.getDstPortsList()), rule.getDstNamedPortIpSetIdsList(), false)
            .ports(PeerSide.SOURCE, ranges(rule.getNotSrcPortsList()), rule.getNotSrcNamedPortIpSetIdsList(), true)
            .ports(PeerSide.DESTINATION, ranges(rule.getNotDstPortsList()), rule.getNotDstNamedPortIpSetIdsList(),
                true);
        icmp(fields, rule);
        return fields.rule();
    }

    private static void protocols(final RuleFields fields, final io.caracal.control.proto.Rule rule) {
        if (rule.hasProtocol()) {
            fields.protocol(word(rule.getProtocol()), false);
        }
        if (rule.hasNotProtocol()) {
            fields.protocol(word(rule.getNotProtocol()), true);
        }
    }

    private static void addresses(final RuleFields fields, final io.caracal.control.proto.Rule rule) {
        fields.nets(PeerSide.SOURCE, rule.getSrcNetList(), false)
            .nets(PeerSide.DESTINATION, rule.getDstNetList(), false)
            .nets(PeerSide.SOURCE, rule.getNotSrcNetList(), true)
            .nets(PeerSide.DESTINATION, rule.getNotDstNetList(), true)
            .ipSets(PeerSide.SOURCE, rule.getSrcIpSetIdsList(), false)
            .ipSets(PeerSide.DESTINATION, rule.getDstIpSetIdsList(), false)
            .ipSets(PeerSide.SOURCE, rule.getNotSrcIpSetIdsList(), true)
            .ipSets(PeerSide.DESTINATION, rule.getNotDstIpSetIdsList(), true)
            .dstIpPortSets(rule.getDstIpPortSetIdsList());
    }

    private static void icmp(final RuleFields fields, final io.caracal.control.proto.Rule rule) {
        switch (rule.getIcmpCase()) {
            case ICMP_TYPE -> fields.icmp(rule.getIcmpType(), MatchDimension.Icmp.ANY_CODE, false);
            case ICMP_TYPE_CODE -> icmp(fields, rule.getIcmpTypeCode(), false);
            case ICMP_NOT_SET -> { }
        }
        switch (rule.getNotIcmpCase()) {
            case NOT_ICMP_TYPE -> fields.icmp(rule.getNotIcmpType(), MatchDimension.Icmp.ANY_CODE, true);
            case NOT_ICMP_TYPE_CODE -> icmp(fields, rule.getNotIcmpTypeCode(), true);
            case NOTICMP_NOT_SET -> { }
        }
    }

    private static void icmp(final RuleFields fields, final IcmpTypeAndCode icmp, final boolean negated) {
        fields.icmp(icmp.getType(), icmp.getCode(), negated);
    }

    private static String word(final Protocol protocol) {
        return switch (protocol.getNumberOrNameCase()) {
            case NUMBER -> Integer.toString(protocol.getNumber());
            case NAME -> protocol.getName();
            case NUMBERORNAME_NOT_SET -> throw new PolicyException("protocol", "has neither number nor name");
        };
    }

    private static List<PortRange> ranges(final List<io.caracal.control.proto.PortRange> ranges) {
        return ranges.stream().map(range -> new PortRange(range.getFirst(), range.getLast())).toList();
    }
}
