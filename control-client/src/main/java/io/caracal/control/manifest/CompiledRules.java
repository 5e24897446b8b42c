package io.caracal.control.manifest;

import io.caracal.control.proto.Rule;
import java.util.ArrayList;
import java.util.List;

/**
 * Rules of one direction as Felix would send them, and the IP sets that they need.
 *
 * @param rules in order, without ids.
 * @param sets  every set that they name.
 */
record CompiledRules(List<Rule> rules, List<IpSetDefinition> sets) {
    static final CompiledRules NONE = new CompiledRules(List.of(), List.of());

    private static final int ID_LENGTH = 16;

    /**
     * The rules with Felix's ids: each a hash of the rule and of all before it (felix/calc/rule_convert.go).
     *
     * @param seed what the first rule's hash begins with.
     */
    List<Rule> withIds(final String seed) {
        final List<Rule> identified = new ArrayList<>(rules.size());
        byte[] hash = Hashes.sha224(Hashes.utf8(seed));
        for (final Rule rule : rules) {
            hash = Hashes.sha224(hash, bytes(rule));
            identified.add(rule.toBuilder().setRuleId(Hashes.base64(hash).substring(0, ID_LENGTH)).build());
        }
        return identified;
    }

    /** Bytes in Go's order: fields of a oneof come after all others, where Java keeps to the numbers. */
    private static byte[] bytes(final Rule rule) {
        final Rule plain = rule.toBuilder().clearIcmp().clearNotIcmp().build();
        final Rule.Builder choices = Rule.newBuilder();
        switch (rule.getIcmpCase()) {
            case ICMP_TYPE -> choices.setIcmpType(rule.getIcmpType());
            case ICMP_TYPE_CODE -> choices.setIcmpTypeCode(rule.getIcmpTypeCode());
            case ICMP_NOT_SET -> { }
        }
        switch (rule.getNotIcmpCase()) {
            case NOT_ICMP_TYPE -> choices.setNotIcmpType(rule.getNotIcmpType());
            case NOT_ICMP_TYPE_CODE -> choices.setNotIcmpTypeCode(rule.getNotIcmpTypeCode());
            case NOTICMP_NOT_SET -> { }
        }
        return plain.toByteString().concat(choices.build().toByteString()).toByteArray();
    }
}
