package io.caracal.network;

import io.caracal.kernel.UplinkBindings;
import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatConfig;
import io.caracal.policy.model.Prefix;
import io.caracal.xdp.uplink.NatBinding;
import io.caracal.xdp.uplink.UplinkPrograms;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * NAT-outgoing as the network wants it: Felix's NATOutgoingAddress, or the address that the kernel would use towards
 * the default route, and the range of ports, dealt out to the workers. The control thread's.
 */
final class NatOutgoing {
    /** No worker's number: bindings of an earlier engine that nobody has taken over yet. */
    private static final int STALE = -1;
    private static final Prefix SOMEWHERE_IPV4 = Prefix.parse("192.0.2.1");
    private static final Prefix SOMEWHERE_IPV6 = Prefix.parse("2001:db8::1");

    private final UplinkPrograms programs;
    private final List<UplinkBindings> listeners = new ArrayList<>();
    private NatConfig current;

    NatOutgoing(final UplinkPrograms programs, final int workerCount) {
        this.programs = programs;
        for (int worker = 0; worker < workerCount; worker++) {
            listeners.add(new UplinkBindings(programs.bindingWriter(worker)));
        }
    }

    /** What a worker tells its bindings to. */
    NatBindingListener listener(final int worker) {
        return listeners.get(worker);
    }

    /** Bindings that could not be written into the programs' map. */
    long failureCount() {
        return listeners.stream().mapToLong(UplinkBindings::failureCount).sum();
    }

    /** Has the workers use what is wanted, if that is another than before. */
    void reconcile(final NetworkInput input, final UplinkWorkers workers) {
        final NatConfig wanted = config(input, 0, workers.count());
        if (wanted.equals(current)) {
            return;
        }
        final boolean isFirst = current == null;
        if (isFirst) {
            markStale();
        }
        for (int worker = 0; worker < workers.count(); worker++) {
            workers.configureNat(worker, config(input, worker, workers.count()));
        }
        current = wanted;
        if (isFirst) {
            sweepStale();
        }
    }

    /** So that what the workers take over now can be told from what they do not. */
    private void markStale() {
        final Map<NatBinding, Integer> found = new HashMap<>();
        programs.natBindings().forEach((binding, worker) -> found.put(binding, STALE));
        if (!found.isEmpty()) {
            programs.natBindings().updateAll(found);
        }
    }

    private void sweepStale() {
        final List<NatBinding> ended = new ArrayList<>();
        programs.natBindings().forEach((binding, worker) -> {
            if (worker == STALE) {
                ended.add(binding);
            }
        });
        ended.forEach(programs.natBindings()::delete);
    }

    static NatConfig config(final NetworkInput input, final int worker, final int workerCount) {
        final FelixNetworkSettings settings = input.cluster().settings();
        return new NatConfig(NetworkAddresses.ipv4(address(input, SOMEWHERE_IPV4)),
            NetworkAddresses.ipv6(address(input, SOMEWHERE_IPV6)), settings.natFirstPort(), settings.natLastPort(),
            worker, workerCount);
    }

    /** Null where there is none: packets that need it are dropped by name. */
    private static InetAddress address(final NetworkInput input, final Prefix somewhere) {
        final Optional<Prefix> set =
            input.cluster().settings().natAddress().filter(address -> address.v6() == somewhere.v6());
        return set.map(NetworkAddresses::address).orElseGet(() ->
            input.host().wayTo(NetworkAddresses.address(somewhere)).map(way -> way.source() != null ? way.source()
                : input.host().addressOf(way.ifindex(), somewhere.v6()).orElse(null)).orElse(null));
    }
}
