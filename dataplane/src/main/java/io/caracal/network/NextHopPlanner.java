package io.caracal.network;

import io.caracal.control.NodeChange.TunnelAddress;
import io.caracal.network.HostView.Way;
import io.caracal.route.NextHopTable;
import io.caracal.route.VxlanSettings;
import io.caracal.xdp.uplink.UplinkMode;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the next hop towards an address: by the engine itself where XDP drives the uplink, by the kernel through the
 * uplink or overlay device where it does not, and none, which leaves it to the host's stack, where the way is not over
 * an uplink at all. One compilation's.
 */
final class NextHopPlanner {
    /** No link of IP has a smaller MTU that {@link io.caracal.route.NextHop.Link} would take. */
    private static final int MTU_MIN = 576;
    private static final int OVERHEAD_IPV4 = 50;
    private static final int OVERHEAD_IPV6 = 70;

    private final NetworkInput input;
    private final NextHopNumbers numbers;
    private final VxlanSettings vxlan;
    private final Map<Integer, NextHopPlan> plans = new HashMap<>();

    NextHopPlanner(final NetworkInput input, final NextHopNumbers numbers) {
        this.input = input;
        this.numbers = numbers;
        final VxlanSettings usual = VxlanSettings.DEFAULT;
        final FelixNetworkSettings settings = input.cluster().settings();
        vxlan = new VxlanSettings(settings.vxlanVni(), settings.vxlanPort(), usual.ttl(), usual.udpChecksum(),
            usual.copyDscp(), usual.dontFragment());
    }

    /** What the numbers that were given out stand for. */
    Map<Integer, NextHopPlan> plans() {
        return plans;
    }

    /** The device that a next hop without a tunnel leaves by; none for the host's stack. */
    Optional<Integer> device(final int nextHop) {
        return switch (plans.get(nextHop)) {
            case NextHopPlan.Direct(final int ifindex, final var neighbour, final int mtu) -> Optional.of(ifindex);
            case NextHopPlan.Device(final int ifindex, final int mtu) -> Optional.of(ifindex);
            case final NextHopPlan.Tunnel tunnel -> Optional.empty();
            case null -> Optional.empty();
        };
    }

    /** The next hop towards an address, without a tunnel; {@link NextHopTable#NONE} for the host's stack. */
    int towards(final InetAddress destination) {
        return input.host().wayTo(destination).map(this::over).orElse(NextHopTable.NONE);
    }

    private int over(final Way way) {
        final UplinkMode mode = input.uplinks().get(way.ifindex());
        if (mode == null || way.mtu() < MTU_MIN) {
            return NextHopTable.NONE;
        }
        return number(mode == UplinkMode.KERNEL ? new NextHopPlan.Device(way.ifindex(), way.mtu())
            : new NextHopPlan.Direct(way.ifindex(), way.neighbour(), way.mtu()));
    }

    /** For a network of which each address is a neighbour of its own: the kernel resolves them. */
    int onLink(final int ifindex) {
        final int mtu = input.host().link(ifindex).map(io.caracal.netlink.Link::mtu).orElse(0);
        return !input.uplinks().containsKey(ifindex) || mtu < MTU_MIN ? NextHopTable.NONE
            : number(new NextHopPlan.Device(ifindex, mtu));
    }

    /**
     * The next hop through the overlay.
     *
     * @param own this node's end.
     * @param remote the other one's, of the same family.
     */
    int through(final TunnelAddress own, final TunnelAddress remote) {
        final InetAddress source = NetworkAddresses.address(own.parent());
        final InetAddress destination = NetworkAddresses.address(remote.parent());
        final boolean ipv6 = destination instanceof Inet6Address;
        final Optional<Way> found = input.host().wayTo(destination);
        final UplinkMode mode = found.map(way -> input.uplinks().get(way.ifindex())).orElse(null);
        if (mode == null) {
            return NextHopTable.NONE;
        }
        if (mode == UplinkMode.KERNEL) {
            return input.overlayDevice(ipv6).filter(device -> device.mtu() >= MTU_MIN)
                .map(device -> number(new NextHopPlan.Device(device.index(), device.mtu())))
                .orElse(NextHopTable.NONE);
        }
        final Way way = found.get();
        final int mtu = Math.min(way.mtu(), configuredMtu(ipv6));
        return mtu < MTU_MIN ? NextHopTable.NONE : number(new NextHopPlan.Tunnel(
            new NextHopPlan.Direct(way.ifindex(), way.neighbour(), mtu), source, destination, own.mac().value(),
            remote.mac().value(), vxlan));
    }

    /** Of the outer packet, where an operator has set that of the inner one. */
    private int configuredMtu(final boolean ipv6) {
        final FelixNetworkSettings settings = input.cluster().settings();
        final int inner = ipv6 ? settings.vxlanMtuIpv6() : settings.vxlanMtu();
        return inner == 0 ? Integer.MAX_VALUE : inner + (ipv6 ? OVERHEAD_IPV6 : OVERHEAD_IPV4);
    }

    private int number(final NextHopPlan plan) {
        final int number = numbers.of(plan);
        if (number != NextHopTable.NONE) {
            plans.put(number, plan);
        }
        return number;
    }
}
