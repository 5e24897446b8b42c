package io.caracal.policy;

import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;

/**
 * A member of an IP set that made a rule match a packet, for explanations.
 *
 * @param setId the set.
 * @param side whose address is the member.
 * @param member the longest member around the address.
 */
public record SetEvidence(String setId, PeerSide side, Prefix member) {
    /**
     * The members that a decision rests on.
     *
     * @param compiler where the sets are; control thread.
     * @param packet the packet.
     * @param decision how it was decided.
     * @return members of every set that a rule on the way named and that contains the packet's address, in order.
     */
    public static List<SetEvidence> of(final PolicyCompiler compiler, final PolicyPacket packet,
        final Decision decision) {
        final List<SetEvidence> found = new ArrayList<>();
        for (final DecisionStep step : decision.steps()) {
            if (step.rule() != null && step.rule().rule() != null) {
                step.rule().rule().matches().forEach(match -> add(compiler, packet, match, found));
            }
        }
        return found;
    }

    private static void add(final PolicyCompiler compiler, final PolicyPacket packet, final MatchDimension match,
        final List<SetEvidence> found) {
        if (match instanceof MatchDimension.InIpSet set && !set.negated()) {
            final boolean source = set.side() == PeerSide.SOURCE;
            final Prefix address = new Prefix(packet.v6, source ? packet.sourceHigh : packet.destinationHigh,
                source ? packet.sourceLow : packet.destinationLow, Prefix.bits(packet.v6));
            final SetEvidence evidence =
                new SetEvidence(set.setId(), set.side(), compiler.memberOf(set.setId(), address));
            if (evidence.member != null && !found.contains(evidence)) {
                found.add(evidence);
            }
        }
    }

    @Override
    public String toString() {
        return side.word() + " " + member + " is in IP set " + setId;
    }
}
