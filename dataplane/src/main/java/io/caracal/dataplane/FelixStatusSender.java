package io.caracal.dataplane;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.caracal.control.WorkloadEndpointId;
import io.caracal.control.felix.FelixSource;
import io.caracal.control.proto.EndpointStatus;
import io.caracal.control.proto.FromDataplane;
import io.caracal.control.proto.HostEndpointID;
import io.caracal.control.proto.HostEndpointStatusRemove;
import io.caracal.control.proto.HostEndpointStatusUpdate;
import io.caracal.control.proto.ProcessStatusUpdate;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.control.proto.WorkloadEndpointStatusRemove;
import io.caracal.control.proto.WorkloadEndpointStatusUpdate;

/**
 * Tells Felix what its internal dataplane would tell it: each endpoint's state when it changes, and that this process
 * lives, every {@code ReportingIntervalSecs}. A Felix that has just come is told everything. Nothing is said before
 * in-sync: Felix's own endpoints are not all known then.
 *
 * <p>Status thread only: Felix may be slow to read.</p>
 */
final class FelixStatusSender {
    private static final String REPORTING_INTERVAL = "ReportingIntervalSecs";
    private static final double REPORTING_INTERVAL_SECONDS_DEFAULT = 30;

    private final FelixSource felix;
    private final Map<WorkloadEndpointId, String> workloads = new HashMap<>();
    private final Map<String, String> hosts = new HashMap<>();
    private final long startNs = System.nanoTime();
    private long connection;
    private long processStatusNs;

    FelixStatusSender(final FelixSource felix) {
        this.felix = felix;
    }

    /** Says what Felix has not heard yet. */
    void report(final EndpointSnapshot snapshot, final Map<String, String> settings) {
        if (felix.phase() != FelixSource.Phase.IN_SYNC || !snapshot.inSync()) {
            return;
        }
        final long present = felix.counters().value("connections");
        if (present != connection) {
            connection = present;
            workloads.clear();
            hosts.clear();
            processStatusNs = 0;
        }
        reportWorkloads(snapshot);
        reportHosts(snapshot);
        reportProcess(settings);
    }

    private void reportWorkloads(final EndpointSnapshot snapshot) {
        final Set<WorkloadEndpointId> gone = new HashSet<>(workloads.keySet());
        snapshot.workloads().forEach((endpoint, isAttached) -> {
            gone.remove(endpoint.id());
            final String state = isAttached ? "up" : "down";
            if (!state.equals(workloads.get(endpoint.id())) && sendWorkload(endpoint.id(), state)) {
                workloads.put(endpoint.id(), state);
            }
        });
        for (final WorkloadEndpointId id : gone) {
            if (felix.send(FromDataplane.newBuilder().setWorkloadEndpointStatusRemove(
                WorkloadEndpointStatusRemove.newBuilder().setId(id(id))).build())) {
                workloads.remove(id);
            }
        }
    }

    /** Felix's reporters read the endpoint itself out of the message, too. */
    private boolean sendWorkload(final WorkloadEndpointId id, final String state) {
        final WorkloadEndpointStatusUpdate.Builder update = WorkloadEndpointStatusUpdate.newBuilder()
            .setId(id(id)).setStatus(EndpointStatus.newBuilder().setStatus(state));
        felix.endpoint(id).ifPresent(update::setEndpoint);
        return felix.send(FromDataplane.newBuilder().setWorkloadEndpointStatusUpdate(update).build());
    }

    private static WorkloadEndpointID id(final WorkloadEndpointId id) {
        return WorkloadEndpointID.newBuilder().setOrchestratorId(id.orchestratorId())
            .setWorkloadId(id.workloadId()).setEndpointId(id.endpointId()).build();
    }

    private void reportHosts(final EndpointSnapshot snapshot) {
        final Set<String> gone = new HashSet<>(hosts.keySet());
        snapshot.hosts().forEach((id, state) -> {
            gone.remove(id);
            if (!state.equals(hosts.get(id)) && felix.send(FromDataplane.newBuilder().setHostEndpointStatusUpdate(
                HostEndpointStatusUpdate.newBuilder().setId(HostEndpointID.newBuilder().setEndpointId(id))
                    .setStatus(EndpointStatus.newBuilder().setStatus(state))).build())) {
                hosts.put(id, state);
            }
        });
        for (final String id : gone) {
            if (felix.send(FromDataplane.newBuilder().setHostEndpointStatusRemove(
                HostEndpointStatusRemove.newBuilder().setId(HostEndpointID.newBuilder().setEndpointId(id))).build())) {
                hosts.remove(id);
            }
        }
    }

    private void reportProcess(final Map<String, String> settings) {
        final double intervalSeconds = intervalSeconds(settings);
        final long nowNs = System.nanoTime();
        if (intervalSeconds <= 0 || processStatusNs != 0
            && nowNs - processStatusNs < intervalSeconds * TimeUnit.SECONDS.toNanos(1)) {
            return;
        }
        final double uptimeSeconds = (nowNs - startNs) / 1e9;
        if (felix.send(FromDataplane.newBuilder().setProcessStatusUpdate(ProcessStatusUpdate.newBuilder()
            .setIsoTimestamp(Instant.now().toString()).setUptime(uptimeSeconds)).build())) {
            processStatusNs = nowNs;
        }
    }

    /** Felix writes seconds as a decimal number; 0 says never. */
    private static double intervalSeconds(final Map<String, String> settings) {
        try {
            return Double.parseDouble(settings.getOrDefault(
                REPORTING_INTERVAL, String.valueOf(REPORTING_INTERVAL_SECONDS_DEFAULT)));
        } catch (final NumberFormatException unreadable) {
            return REPORTING_INTERVAL_SECONDS_DEFAULT;
        }
    }
}
