package io.caracal.perf.policy;

import java.util.List;

import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;

/**
 * One ingress rule as Calico's policies have them, in a form that Caracal and the kernel's packet filters can be given
 * alike.
 *
 * @param action {@code allow}, {@code deny} or {@code pass}.
 * @param protocol {@code tcp}, {@code udp}, or empty for any.
 * @param set number of the set that the source must be in; -1 for none.
 * @param notSet number of the set that the source must not be in; -1 for none.
 * @param net prefix of the source; empty for any.
 * @param ports destination ports; null for any.
 */
record PodRule(String action, String protocol, int set, int notSet, String net, PortRange ports) {
    static final int NO_SET = -1;

    static String setId(final int set) {
        return "s:pods-" + set;
    }

    /** Its ports: one, or both ends of a range. */
    String portsText(final String separator) {
        return ports.first() == ports.last() ? Integer.toString(ports.first())
            : ports.first() + separator + ports.last();
    }

    /** As Felix would send it. */
    Rule rule() {
        final RuleFields fields = new RuleFields().action(action);
        if (!protocol.isEmpty()) {
            fields.protocol(protocol, false);
        }
        if (set != NO_SET) {
            fields.ipSets(PeerSide.SOURCE, List.of(setId(set)), false);
        }
        if (notSet != NO_SET) {
            fields.ipSets(PeerSide.SOURCE, List.of(setId(notSet)), true);
        }
        if (!net.isEmpty()) {
            fields.nets(PeerSide.SOURCE, List.of(net), false);
        }
        if (ports != null) {
            fields.ports(PeerSide.DESTINATION, List.of(ports), List.of(), false);
        }
        return fields.rule();
    }
}
