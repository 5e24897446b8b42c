package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.conntrack.ConntrackCounter;
import io.caracal.network.NetworkControl;
import io.caracal.worker.WorkerCounter;
import io.caracal.worker.WorkerCounters;
import io.caracal.xdp.punt.PuntCounter;

/**
 * What the running engine answers on the admin socket: maps and lists that Jackson writes as they are. Any thread.
 * Zero drop counters are left out; everything else is always there, so that scripts can rely on it.
 */
final class EngineReport {
    private final WorkerGroup workers;
    private final KernelSide kernel;
    private final NetworkControl network;
    private final ControlLoop control;
    private final ControlReport source;
    private final DataplaneConfig config;

    EngineReport(final EngineParts parts, final ControlLoop control, final ControlReport source,
                 final DataplaneConfig config) {
        workers = parts.workers();
        kernel = parts.kernel();
        network = parts.network();
        this.control = control;
        this.source = source;
        this.config = config;
    }

    /** Packets, bytes and drops: {@code {"workers": […], "bpf": {…}, "workloads": […]}}. */
    Map<String, Object> counters() {
        final Map<String, Object> report = new LinkedHashMap<>();
        final List<Object> perWorker = new ArrayList<>();
        workers.forEach(worker -> perWorker.add(worker(worker)));
        report.put("workers", perWorker);
        final Map<String, Long> bpf = new LinkedHashMap<>();
        kernel.programs().counters().forEach((counter, value) -> bpf.put(label(counter), value));
        report.put("bpf", bpf);
        report.put("uplinks", network.counters());
        report.put("workloads", traffic());
        return report;
    }

    private List<Object> traffic() {
        final List<Object> list = new ArrayList<>();
        for (final AttachedWorkload attached : control.attached()) {
            final Map<String, Object> workload = new LinkedHashMap<>();
            workload.put("name", attached.workload().id());
            workload.put("interface", attached.workload().interfaceName());
            kernel.programs().traffic(attached.ifindex()).ifPresent(counted -> {
                workload.put("sentPackets", counted.fromWorkloadPackets());
                workload.put("sentBytes", counted.fromWorkloadBytes());
                workload.put("fromHostPackets", counted.toWorkloadPackets());
                workload.put("fromHostBytes", counted.toWorkloadBytes());
                workload.put("deliveredPackets", counted.deliveredPackets());
                workload.put("deliveredBytes", counted.deliveredBytes());
                workload.put("toHostPackets", counted.handedPackets());
                workload.put("toHostBytes", counted.handedBytes());
                workload.put("droppedPackets", counted.droppedPackets());
                workload.put("droppedBytes", counted.droppedBytes());
            });
            list.add(workload);
        }
        return list;
    }

    /** How long each worker's burst cycles took: {@code {"workers": [[[upperNs, count], …], …]}}, shortest first. */
    Map<String, Object> cycles() {
        final List<Object> perWorker = new ArrayList<>();
        workers.forEach(worker -> {
            final List<List<Long>> buckets = new ArrayList<>();
            worker.counters().cycleTimes().forEach((upperNs, count) -> buckets.add(List.of(upperNs, count)));
            perWorker.add(buckets);
        });
        return Map.of("workers", perWorker);
    }

    /** What is attached, how, and with which settings. */
    Map<String, Object> status() {
        /* First: the workers look for flows then that they do not know of yet. */
        final List<Object> workloads = workloads();
        final Map<String, Object> report = new LinkedHashMap<>();
        report.put("node", config.node());
        report.put("pid", ProcessHandle.current().pid());
        report.put("inSync", control.isInSync());
        source.addTo(report);
        report.put("workers", config.workers());
        report.put("heap", HeapReport.now());
        report.put("punt", kernel.hooks().describePunt());
        report.put("offload", offload());
        report.put("uplinks", network.describeUplinks());
        report.put("busyPolling", network.describePolling());
        report.put("problems", Stream.concat(control.problems().stream(), network.problems().stream()).toList());
        report.put("workloads", workloads);
        return report;
    }

    private Map<String, Object> offload() {
        final Map<String, Object> report = new LinkedHashMap<>();
        final AtomicLong flows = new AtomicLong();
        workers.forEach(worker -> flows.addAndGet(worker.conntrackCounters().get(ConntrackCounter.OFFLOADED_FLOWS)));
        report.put("on", kernel.offload().isOn());
        report.put("flows", flows.get());
        report.put("flowsMax", kernel.offload().flowsMax());
        report.put("hits", kernel.programs().counter(PuntCounter.CACHE_HITS));
        report.put("misses", kernel.programs().counter(PuntCounter.CACHE_MISSES));
        return report;
    }

    private List<Object> workloads() {
        final List<Object> list = new ArrayList<>();
        for (final AttachedWorkload attached : control.attached()) {
            final Map<String, Object> workload = new LinkedHashMap<>();
            workload.put("name", attached.workload().id());
            workload.put("interface", attached.workload().interfaceName());
            workload.put("ifindex", attached.ifindex());
            workload.put("addresses", attached.workload().addresses());
            workload.put("flows", workers.flowCount(attached.ifindex()));
            list.add(workload);
        }
        return list;
    }

    private static Map<String, Object> worker(final EngineWorker member) {
        final WorkerCounters counters = member.counters();
        final Map<String, Object> report = new LinkedHashMap<>();
        report.put("index", member.index());
        report.put("rxPackets", counters.rxPackets());
        report.put("rxBytes", counters.rxBytes());
        report.put("txPackets", counters.txPackets());
        report.put("txBytes", counters.txBytes());
        report.put("fromWorkloadPackets", counters.rxPackets(Direction.FROM_WORKLOAD));
        report.put("fromHostPackets", counters.rxPackets(Direction.TO_WORKLOAD));
        report.put("toWorkloadPackets", counters.txPackets(EgressAction.TO_WORKLOAD));
        report.put("fromUplinkPackets", counters.rxPackets(Direction.FROM_UPLINK));
        report.put("toHostPackets", counters.txPackets(EgressAction.TO_HOST)
            + counters.txPackets(EgressAction.TO_HOST_APPROVED));
        report.put("toUplinkPackets", counters.txPackets(EgressAction.TO_UPLINK));
        report.put("toWorkerPackets", counters.txPackets(EgressAction.TO_WORKER));
        report.put("toDevicePackets", counters.txPackets(EgressAction.TO_DEVICE));
        final Map<String, Long> drops = new LinkedHashMap<>();
        for (final DropReason reason : DropReason.values()) {
            if (counters.drops(reason) > 0) {
                drops.put(reason.label(), counters.drops(reason));
            }
        }
        report.put("drops", drops);
        final Map<String, Long> conntrack = new LinkedHashMap<>();
        for (final ConntrackCounter counter : ConntrackCounter.values()) {
            conntrack.put(label(counter), member.conntrackCounters().get(counter));
        }
        report.put("conntrack", conntrack);
        for (final WorkerCounter counter : WorkerCounter.values()) {
            report.put(counter.label(), counters.get(counter));
        }
        report.put("frames", member.frameCount());
        report.put("allocatedBytes", member.allocatedBytes());
        return report;
    }

    private static String label(final Enum<?> counter) {
        return counter.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
