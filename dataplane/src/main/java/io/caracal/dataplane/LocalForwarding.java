package io.caracal.dataplane;

import java.util.Collection;

import io.caracal.control.Ipv4Prefix;
import io.caracal.control.Ipv6Prefix;
import io.caracal.route.ForwardingTables;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;

/** Where packets go on a node without an overlay: to its own pods, and all else to the host's stack. */
final class LocalForwarding {
    private LocalForwarding() {
    }

    /** Tables of the workloads that are attached. */
    static ForwardingTables of(final Collection<AttachedWorkload> attached) {
        final RouteTable.Builder routes = new RouteTable.Builder()
            .put("0.0.0.0/0", RouteTarget.of(RouteKind.OUTSIDE)).put("::/0", RouteTarget.of(RouteKind.OUTSIDE));
        for (final AttachedWorkload each : attached) {
            final RouteTarget target = RouteTarget.localWorkload(each.ifindex(), 0);
            for (final Ipv4Prefix prefix : each.workload().ipv4Networks()) {
                routes.putIpv4(prefix.address(), prefix.length(), target);
            }
            for (final Ipv6Prefix prefix : each.workload().ipv6Networks()) {
                routes.putIpv6(prefix.high(), prefix.low(), prefix.length(), target);
            }
        }
        return ForwardingTables.EMPTY.withRoutes(routes.build());
    }
}
