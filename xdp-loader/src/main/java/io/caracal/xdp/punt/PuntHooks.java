package io.caracal.xdp.punt;

import io.caracal.bindings.BpfHooks;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcDirection;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.XdpAttachMode;
import io.caracal.xdp.XdpLink;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where the programs hang: both tc hooks of each workload interface, tc ingress of punt0, XDP of punt1. One control
 * thread, in the network namespace of the interfaces. Attaching takes over what an earlier engine has left on an
 * interface, by replacing the program: no packet finds the hook empty.
 *
 * <p>The order that leaves no gap: {@link PuntPrograms#configure}, sockets, {@link #attachPunt}, and for each workload
 * {@link PuntPrograms#putWorkload}, then {@link #attachWorkload}.
 */
public final class PuntHooks implements AutoCloseable {
    private final PuntPrograms programs;
    private final PinDirectory pins;
    private final List<TcHook> tcHooks;
    private final Map<Integer, List<TcLink>> workloadLinks = new TreeMap<>();
    /** Interfaces whose clsact qdisc was made here and goes when their programs have settled. */
    private final Set<Integer> ownQdiscs = new TreeSet<>();
    private TcLink fromEngine;
    private XdpLink toEngine;

    /**
     * Attaches nothing yet.
     *
     * @param programs to be attached; must stay open while this attaches.
     * @param pins where links are kept beyond this process; null for hooks that end with the close.
     * @param tcHooks ways of tc to be tried, {@link TcLink#TCX_THEN_CLSACT} unless an operator wants otherwise.
     */
    public PuntHooks(final PuntPrograms programs, final PinDirectory pins, final List<TcHook> tcHooks) {
        this.programs = programs;
        this.pins = pins;
        this.tcHooks = List.copyOf(tcHooks);
    }

    /**
     * Attaches the programs of the punt pair.
     *
     * @param punt0Ifindex the host side: tc ingress.
     * @param punt1Ifindex the engine's side: XDP, native or not at all, for generic XDP is given packets that are
     *     not segmented.
     * @throws io.caracal.bindings.NativeCallException EBUSY when another program is on punt1 (is another engine
     *     running?), ERANGE when the MTU of punt0 is above what a veth with XDP can take (3506), ENOSPC when punt1 has
     *     fewer receive queues than punt0 transmit queues.
     */
    public void attachPunt(final int punt0Ifindex, final int punt1Ifindex) {
        toEngine = pins == null ? XdpLink.attach(programs.toEngine(), punt1Ifindex, XdpLink.NATIVE_ONLY)
            : XdpLink.attach(programs.toEngine(), punt1Ifindex, XdpLink.NATIVE_ONLY, pins);
        fromEngine = TcLink.attach(programs.fromEngine(), punt0Ifindex, TcDirection.INGRESS, pins, tcHooks);
    }

    /**
     * Attaches both programs of a workload interface; nothing when they are attached already. Egress comes first: what
     * the host sends must be seen before answers to it are.
     *
     * @param ifindex the host side of its veth, which is in the map workloads already.
     * @throws IllegalStateException when it is not: the programs would drop everything.
     * @throws io.caracal.bindings.NativeCallException ENODEV when the interface has gone meanwhile.
     */
    public void attachWorkload(final int ifindex) {
        attachWorkload(ifindex, tcHooks);
    }

    /**
     * The same without waiting for the kernel, for one of many; {@link #settleWorkload} has to follow.
     *
     * @param ifindex as for {@link #attachWorkload}.
     */
    public void attachWorkloadForNow(final int ifindex) {
        if (!workloadLinks.containsKey(ifindex)
            && TcLink.canBeForNow(ifindex, TcDirection.EGRESS, pins, tcHooks)
            && TcLink.canBeForNow(ifindex, TcDirection.INGRESS, pins, tcHooks)) {
            final boolean isNewQdisc = BpfHooks.tcHookCreate(ifindex);
            attachWorkload(ifindex, List.of(TcHook.CLSACT));
            if (isNewQdisc) {
                ownQdiscs.add(ifindex);
            }
        } else {
            attachWorkload(ifindex);
        }
    }

    /**
     * Gives both programs of a workload interface the hooks that last, after {@link #attachWorkloadForNow}; nothing
     * where they are no longer attached. A packet meets at least one of them at each moment. A clsact qdisc that was
     * made for now goes.
     *
     * @param ifindex the host side of its veth.
     * @throws io.caracal.bindings.NativeCallException ENODEV when the interface has gone meanwhile; otherwise the
     *     programs stay as they were attached.
     */
    public void settleWorkload(final int ifindex) {
        final List<TcLink> forNow = workloadLinks.get(ifindex);
        if (forNow == null || forNow.stream().noneMatch(link -> link.hook() == TcHook.CLSACT)) {
            return;
        }
        final List<TcLink> links = List.of(
            TcLink.attach(programs.toWorkload(), ifindex, TcDirection.EGRESS, pins, tcHooks),
            TcLink.attach(programs.fromWorkload(), ifindex, TcDirection.INGRESS, pins, tcHooks));
        workloadLinks.put(ifindex, links);
        if (ownQdiscs.remove(ifindex) && links.stream().allMatch(link -> link.hook() == TcHook.TCX)) {
            BpfHooks.tcHookDestroy(ifindex);
        }
    }

    private void attachWorkload(final int ifindex, final List<TcHook> hooks) {
        if (workloadLinks.containsKey(ifindex)) {
            return;
        }
        if (programs.workload(ifindex).isEmpty()) {
            throw new IllegalStateException("attach programs to ifindex " + ifindex
                + ": put it into the map workloads first");
        }
        final TcLink egress = TcLink.attach(programs.toWorkload(), ifindex, TcDirection.EGRESS, pins, hooks);
        try {
            workloadLinks.put(ifindex, List.of(egress,
                TcLink.attach(programs.fromWorkload(), ifindex, TcDirection.INGRESS, pins, hooks)));
        } catch (final RuntimeException e) {
            egress.detach();
            throw e;
        }
    }

    /**
     * Takes the programs off a workload interface; also when the interface is gone already.
     *
     * @param ifindex the host side of its veth.
     * @return whether they were attached.
     */
    public boolean detachWorkload(final int ifindex) {
        final List<TcLink> links = workloadLinks.remove(ifindex);
        ownQdiscs.remove(ifindex);
        if (links == null) {
            return false;
        }
        links.forEach(TcLink::detach);
        return true;
    }

    /**
     * Takes off what an earlier engine has left on an interface that this one does not serve.
     *
     * @param ifindex of an interface that is there.
     */
    public void removeEarlier(final int ifindex) {
        TcLink.removeLeftover("from_workload", ifindex, TcDirection.INGRESS, pins);
        TcLink.removeLeftover("to_workload", ifindex, TcDirection.EGRESS, pins);
    }

    /**
     * Removes the programs that an engine has left by clsact on a workload interface.
     *
     * @param ifindex the host side of its veth.
     * @return whether there were any.
     */
    public static boolean removeLeftovers(final int ifindex) {
        return TcLink.removeClsactLeftover("from_workload", ifindex, TcDirection.INGRESS)
            | TcLink.removeClsactLeftover("to_workload", ifindex, TcDirection.EGRESS);
    }

    /**
     * The workload interfaces that have the programs.
     *
     * @return by ifindex.
     */
    public Set<Integer> attachedWorkloads() {
        return new TreeSet<>(workloadLinks.keySet());
    }

    /**
     * How the programs of the punt pair are attached, in words for a status line.
     *
     * @return such as {@code XDP native, tc by TCX}.
     * @throws IllegalStateException before {@link #attachPunt}.
     */
    public String describePunt() {
        if (fromEngine == null) {
            throw new IllegalStateException("the punt pair has no programs yet");
        }
        final XdpAttachMode mode = toEngine.mode();
        return "XDP " + mode.name().toLowerCase(Locale.ROOT) + ", tc by " + fromEngine.hook();
    }

    /**
     * How many hooks an earlier engine had left with its programs, which these have replaced.
     *
     * @return 0 after a first start.
     */
    public int takenOverCount() {
        int count = 0;
        for (final List<TcLink> links : workloadLinks.values()) {
            count += (int)links.stream().filter(TcLink::isTakenOver).count();
        }
        count += toEngine != null && toEngine.isTakenOver() ? 1 : 0;
        count += fromEngine != null && fromEngine.isTakenOver() ? 1 : 0;
        return count;
    }

    /** Takes all programs off, pinned or not: the end of Caracal on this node, not of one engine. */
    public void detachAll() {
        for (final int ifindex : attachedWorkloads()) {
            detachWorkload(ifindex);
        }
        if (toEngine != null) {
            toEngine.detach();
        }
        if (fromEngine != null) {
            fromEngine.detach();
        }
    }

    /** Closes the links. With pins the programs stay on their hooks, for the next engine; without, they go. */
    @Override
    public void close() {
        workloadLinks.values().forEach(links -> links.forEach(TcLink::close));
        workloadLinks.clear();
        if (toEngine != null) {
            toEngine.close();
        }
        if (fromEngine != null) {
            fromEngine.close();
        }
    }
}
