package io.caracal.dataplane;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.Ipv4Prefix;
import io.caracal.control.Ipv6Prefix;
import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.network.LocalPod;
import io.caracal.network.NetworkControl;
import io.caracal.stage.SourcePrefixes;
import io.caracal.stage.WorkloadTable;
import io.caracal.xdp.punt.PuntHooks;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;

/**
 * Puts workload interfaces under the engine. For each: a map entry, then the two tc programs, and last of all, with
 * others, it is armed in the guard, so that at no moment a packet goes through the kernel unseen. Routes and neighbours
 * are the network's. Needs CAP_NET_ADMIN and CAP_BPF.
 *
 * <p>Control thread only.</p>
 */
final class KernelAttacher implements WorkloadAttacher {
    private final RouteNetlink netlink;
    private final PodMacs podMacs;
    private final PuntPrograms programs;
    private final PuntHooks hooks;
    private final Workload.MissLimit missLimit;
    private final WorkloadGuard guard;
    private final PublishedTables tables;
    private final NetworkControl network;
    private final WorkloadFlows flows;
    private final SourceExemptions exemptions;
    private final EngineLog log;
    /** Their flows end once no table names them. */
    private final Set<Integer> awaitingFlowsEnd = new TreeSet<>();
    /** As the workers were told. */
    private Map<String, Integer> ifindexByAddress = Map.of();
    /** Armed together: each transaction is a process of its own. */
    private final Set<Integer> awaitingArming = new TreeSet<>();
    private final TreeSet<Integer> awaitingSettling = new TreeSet<>();

    /**
     * Attaches nothing yet.
     *
     * @param netlink of the network namespace of the workload interfaces.
     * @param kernel programs, hooks and guard.
     * @param network told of the pods before the workers are.
     * @param tables where the workers look.
     * @param flows of the workloads.
     * @param exemptions from where workloads may send besides their own addresses.
     * @param log what is attached and detached.
     */
    KernelAttacher(final RouteNetlink netlink, final KernelSide kernel, final NetworkControl network,
                   final PublishedTables tables, final WorkloadFlows flows, final SourceExemptions exemptions,
                   final EngineLog log) {
        this.netlink = netlink;
        podMacs = new PodMacs(netlink);
        this.network = network;
        this.programs = kernel.programs();
        this.hooks = kernel.hooks();
        this.guard = kernel.guard();
        missLimit = kernel.missLimit();
        this.tables = tables;
        this.flows = flows;
        this.exemptions = exemptions;
        this.log = log;
    }

    @Override
    public void attach(final LocalWorkload workload, final int ifindex) {
        attach(workload, ifindex, hooks::attachWorkload);
    }

    @Override
    public void attachForNow(final LocalWorkload workload, final int ifindex) {
        attach(workload, ifindex, hooks::attachWorkloadForNow);
        awaitingSettling.add(ifindex);
    }

    @Override
    public void settleOne() {
        final Integer ifindex = awaitingSettling.pollFirst();
        if (ifindex == null) {
            return;
        }
        try {
            hooks.settleWorkload(ifindex);
        } catch (final NativeCallException failure) {
            if (failure.errno() != Errno.ENODEV) {
                log.error("give interface " + ifindex + " the hooks that last (it stays attached by clsact)", failure);
            }
        }
    }

    @Override
    public boolean isSettled() {
        return awaitingSettling.isEmpty();
    }

    private void attach(final LocalWorkload workload, final int ifindex, final IntConsumer hooking) {
        final Link link = netlink.link(ifindex);
        final MacAddress podMac = MacAddress.parse(workload.mac().toString());
        programs.putWorkload(ifindex, new Workload(podMac.bytes(), link.mac().bytes(), missLimit));
        hooking.accept(ifindex);
        awaitingArming.add(ifindex);
        awaitingFlowsEnd.remove(ifindex);
        log.info("attached " + workload.interfaceName() + " (" + ifindex + ") of " + workload.id());
    }

    @Override
    public Optional<io.caracal.control.MacAddress> podMac(final WorkloadEndpointUpdate endpoint, final int ifindex) {
        return podMacs.find(ifindex, addresses(endpoint.ipv4Networks(), endpoint.ipv6Networks()))
            .map(mac -> io.caracal.control.MacAddress.parse(mac.toString()));
    }

    @Override
    public void detach(final LocalWorkload workload, final int ifindex) {
        if (!awaitingArming.remove(ifindex)) {
            guard.disarm(ifindex);
        }
        awaitingSettling.remove(ifindex);
        hooks.detachWorkload(ifindex);
        programs.removeWorkload(ifindex);
        awaitingFlowsEnd.add(ifindex);
        log.info("detached " + workload.interfaceName() + " (" + ifindex + ") of " + workload.id());
    }

    @Override
    public void retainOnly(final Collection<Integer> ifindexes) {
        guard.armOnly(ifindexes);
        awaitingArming.clear();
        final List<Integer> ended = new ArrayList<>(programs.workloads().keySet());
        ended.removeAll(ifindexes);
        final Set<Integer> present = netlink.links().stream().map(Link::index).collect(Collectors.toSet());
        ended.stream().filter(present::contains).forEach(hooks::removeEarlier);
        ended.forEach(programs::removeWorkload);
        awaitingFlowsEnd.addAll(ended);
        if (!ended.isEmpty()) {
            log.info("detached interfaces of an earlier engine that no endpoint wants: " + ended);
        }
    }

    @Override
    public void publish(final Collection<AttachedWorkload> attached) {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        final Map<Integer, SourcePrefixes> exempt = new HashMap<>();
        for (final AttachedWorkload each : attached) {
            final String[] addresses = each.workload().addresses().toArray(String[]::new);
            final SourcePrefixes sources = exemptions.of(each.workload().id());
            builder.put(io.caracal.stage.Workload.of(each.ifindex(), addresses).withExemptSources(sources));
            exempt.put(each.ifindex(), sources);
        }
        network.onPods(attached.stream().map(KernelAttacher::localPod).toList());
        network.publishIfChanged();
        tables.workloads().publish(builder.build());
        final Set<Integer> changed = moved(attached);
        changed.addAll(exemptions.published(exempt));
        flows.beginEpoch();
        changeFlows(changed);
    }

    /** No table names what has ended or moved any more, so nothing of it can begin anew. */
    private void changeFlows(final Set<Integer> changed) {
        changed.removeAll(awaitingFlowsEnd);
        changed.forEach(flows::withdraw);
        awaitingFlowsEnd.forEach(flows::end);
        if (!changed.isEmpty() || !awaitingFlowsEnd.isEmpty()) {
            flows.settle();
        }
        awaitingFlowsEnd.clear();
    }

    /** Interfaces that have lost an address. */
    private Set<Integer> moved(final Collection<AttachedWorkload> attached) {
        final Map<String, Integer> now = new HashMap<>();
        for (final AttachedWorkload each : attached) {
            each.workload().addresses().forEach(address -> now.put(address, each.ifindex()));
        }
        final Set<Integer> moved = new TreeSet<>();
        ifindexByAddress.forEach((address, ifindex) -> {
            if (!ifindex.equals(now.get(address))) {
                moved.add(ifindex);
            }
        });
        ifindexByAddress = now;
        return moved;
    }

    @Override
    public boolean areWorkersRunning() {
        return flows.areWorkersRunning();
    }

    private static LocalPod localPod(final AttachedWorkload attached) {
        final LocalWorkload workload = attached.workload();
        return new LocalPod(workload.interfaceName(), attached.ifindex(), MacAddress.parse(workload.mac().toString()),
            addresses(workload.ipv4Networks(), workload.ipv6Networks()));
    }

    @Override
    public void armAttached() {
        if (!awaitingArming.isEmpty()) {
            guard.arm(awaitingArming);
            awaitingArming.clear();
        }
    }

    private static List<InetAddress> addresses(final List<Ipv4Prefix> ipv4Networks,
                                               final List<Ipv6Prefix> ipv6Networks) {
        final List<InetAddress> addresses = new ArrayList<>();
        for (final Ipv4Prefix prefix : ipv4Networks) {
            addresses.add(address(ByteBuffer.allocate(4).putInt(prefix.address())));
        }
        for (final Ipv6Prefix prefix : ipv6Networks) {
            addresses.add(address(ByteBuffer.allocate(16).putLong(prefix.high()).putLong(prefix.low())));
        }
        return addresses;
    }

    private static InetAddress address(final ByteBuffer bytes) {
        try {
            return InetAddress.getByAddress(bytes.array());
        } catch (final UnknownHostException impossible) {
            throw new AssertionError("4 or 16 bytes are an address", impossible);
        }
    }
}
