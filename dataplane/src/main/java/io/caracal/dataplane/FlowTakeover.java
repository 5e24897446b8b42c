package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.List;

import io.caracal.bindings.NativeCallException;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.handover.FlowTranslation;
import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.ConntrackNetlink;
import io.caracal.netlink.RouteNetlink;

/**
 * The first start on a node whose pods were the kernel's: connections that it tracks go on in the engine. Runs before
 * the first pod is attached; from the start on the guard has let no packet of a pod through, so that the kernel's table
 * has stood still. An engine that finds flows of an earlier one takes none: they are newer than the kernel's.
 *
 * <p>Control thread.</p>
 */
final class FlowTakeover implements Runnable {
    private final DataplaneConfig config;
    private final FlowDirectory flowDirectory;
    private final WorkerGroup workers;
    private final EngineLog log;

    /**
     * Takes nothing over yet.
     *
     * @param config whether it is wanted, and how workload interfaces are called.
     * @param flowDirectory says which worker a flow is of.
     * @param workers who go on with the flows.
     * @param log how many there were.
     */
    FlowTakeover(final DataplaneConfig config, final FlowDirectory flowDirectory, final WorkerGroup workers,
                 final EngineLog log) {
        this.config = config;
        this.flowDirectory = flowDirectory;
        this.workers = workers;
        this.log = log;
    }

    @Override
    public void run() {
        if (!"adopt".equals(config.text(ConfigKey.KERNEL_FLOWS))) {
            return;
        }
        try {
            final List<FlowSnapshot> flows = flowsOfTheKernel();
            if (!flows.isEmpty() && workers.areFlowsNew()) {
                final int adopted = workers.adoptFlows(flows, flowDirectory::shardOf);
                log.info(adopted + " flows are taken over from the kernel's connection tracking"
                    + (adopted == flows.size() ? "" : "; " + (flows.size() - adopted) + " found no room"));
            }
        } catch (final NativeCallException failure) {
            log.warn("connections that the kernel tracks are not taken over: " + failure.getMessage());
        }
    }

    private List<FlowSnapshot> flowsOfTheKernel() {
        try (ConntrackNetlink conntrack = ConntrackNetlink.open(); RouteNetlink netlink = RouteNetlink.open()) {
            final FlowTranslation translation =
                FlowTranslation.ofHost(netlink, config.text(ConfigKey.INTERFACE_PREFIX));
            final List<FlowSnapshot> flows = new ArrayList<>();
            for (final ConntrackEntry entry : conntrack.entries()) {
                flows.addAll(translation.flowsOf(entry));
            }
            return flows;
        }
    }
}
