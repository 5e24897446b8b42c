package io.caracal.policy;

import io.caracal.policy.lookup.RangeSet;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import java.util.List;

/**
 * Whether a rule takes every packet that another one takes, as far as their criteria show it: each criterion of the
 * wider rule must follow from one criterion of the narrower. Sound, not complete: it never says yes wrongly. Any
 * thread; not for the packet path.
 */
final class RuleContainment {
    private RuleContainment() {
    }

    /** Whether every packet that {@code narrow} matches is matched by {@code wide}. */
    static boolean contains(final Rule wide, final Rule narrow) {
        return wide.matches().stream()
            .allMatch(wanted -> narrow.matches().stream().anyMatch(given -> follows(wanted, given)));
    }

    /** Whether a criterion holds for every packet for which another does. */
    private static boolean follows(final MatchDimension wanted, final MatchDimension given) {
        if (wanted.equals(given)) {
            return true;
        }
        return switch (wanted) {
            case MatchDimension.Nets nets -> given instanceof MatchDimension.Nets other && follows(nets, other);
            case MatchDimension.Ports ports -> given instanceof MatchDimension.Ports other && follows(ports, other);
            case MatchDimension.Icmp icmp -> given instanceof MatchDimension.Icmp other && follows(icmp, other);
            case MatchDimension.Protocol protocol -> protocol.negated()
                && given instanceof MatchDimension.Protocol other && !other.negated()
                && other.protocol() != protocol.protocol();
            case MatchDimension.Family family -> false;
            case MatchDimension.InIpSet set -> false;
            case MatchDimension.InIpPortSet set -> false;
        };
    }

    /**
     * Prefixes of the other family do not count for a packet, so a list answers for each family by itself: where the
     * narrower has prefixes, the wider must have some that hold them. A negated list is the wider the less it excludes,
     * but must name the same families: without prefixes of a family it matches none of its packets, and with one that
     * is everything it matches none either.
     */
    private static boolean follows(final MatchDimension.Nets wanted, final MatchDimension.Nets given) {
        if (wanted.side() != given.side()) {
            return false;
        }
        if (!wanted.negated()) {
            return !given.negated() && allWithin(given.nets(), wanted.nets());
        }
        return given.negated() && allWithin(wanted.nets(), given.nets())
            && given.nets().stream().allMatch(net -> wanted.nets().stream().anyMatch(own -> own.v6() == net.v6()));
    }

    private static boolean allWithin(final List<Prefix> inner, final List<Prefix> outer) {
        return inner.stream().allMatch(net -> outer.stream().anyMatch(around -> around.length() <= net.length()
            && around.contains(net.v6(), net.high(), net.low())));
    }

    /** More ports and more sets are wider; excluded ones are the wider the fewer they are. */
    private static boolean follows(final MatchDimension.Ports wanted, final MatchDimension.Ports given) {
        if (wanted.side() != given.side() || wanted.negated() != given.negated()) {
            return false;
        }
        final MatchDimension.Ports more = wanted.negated() ? given : wanted;
        final MatchDimension.Ports fewer = wanted.negated() ? wanted : given;
        /* Ranges want a protocol with ports, even negated; a set alone does not. */
        return (!wanted.negated() || wanted.ranges().isEmpty() == given.ranges().isEmpty())
            && more.namedPortSets().containsAll(fewer.namedPortSets())
            && (fewer.ranges().isEmpty() || allWithin(fewer, more));
    }

    private static boolean allWithin(final MatchDimension.Ports fewer, final MatchDimension.Ports more) {
        final RangeSet inner = RangeSet.of(fewer.ranges());
        return !more.ranges().isEmpty() && inner.and(RangeSet.of(more.ranges())).ranges().equals(inner.ranges());
    }

    /** A type with any code is wider than with one; excluding another type is wider than wanting this one. */
    private static boolean follows(final MatchDimension.Icmp wanted, final MatchDimension.Icmp given) {
        final MatchDimension.Icmp outer = wanted.negated() ? given : wanted;
        final MatchDimension.Icmp inner = wanted.negated() ? wanted : given;
        if (wanted.negated() == given.negated()) {
            return outer.type() == inner.type()
                && (outer.code() == MatchDimension.Icmp.ANY_CODE || outer.code() == inner.code());
        }
        final boolean apart = wanted.type() != given.type() || wanted.code() != MatchDimension.Icmp.ANY_CODE
            && given.code() != MatchDimension.Icmp.ANY_CODE && wanted.code() != given.code();
        return wanted.negated() && apart;
    }
}
