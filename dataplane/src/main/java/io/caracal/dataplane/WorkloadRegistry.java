package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

import io.caracal.bindings.NativeCallException;
import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.EndpointState;
import io.caracal.control.MacAddress;
import io.caracal.control.WorkloadEndpointId;

/**
 * Brings endpoints (from the control source) and interfaces (from the kernel) together, in whichever order they come:
 * a workload is attached while both are there, and detached as soon as one is gone. An interface whose index changes
 * was made again and is attached afresh. Nothing is attached before the control source is in sync, so that a restart
 * changes only what differs.
 *
 * <p>Control thread only.</p>
 */
final class WorkloadRegistry {
    /** Up to so many the kernel is waited for: a quarter of a second, and nothing has to be done twice. */
    private static final int HURRY_FROM = 8;

    private final Map<WorkloadEndpointId, String> interfaceById = new HashMap<>();
    private final Map<String, WorkloadEndpointUpdate> endpointByInterface = new HashMap<>();
    private final Map<String, Integer> ifindexByName = new HashMap<>();
    private final Map<String, AttachedWorkload> attachedByInterface = new HashMap<>();
    private final WorkloadAttacher attacher;
    private final Runnable beforeFirst;
    private final EngineLog log;
    private final SortedMap<String, String> problemByInterface = new TreeMap<>();
    private final Set<String> awaitingMac = ConcurrentHashMap.newKeySet();
    private boolean inSync;
    private boolean hasIpv6 = true;
    private boolean isHurried;
    private boolean changed;
    private int publishedCount;

    /**
     * Nothing is attached yet.
     *
     * @param attacher what to do to the kernel and the packet path.
     * @param beforeFirst what to do before the first workload is attached.
     * @param log where refusals and failures go.
     */
    WorkloadRegistry(final WorkloadAttacher attacher, final Runnable beforeFirst, final EngineLog log) {
        this.attacher = attacher;
        this.beforeFirst = beforeFirst;
        this.log = log;
    }

    /** Whether pods have IPv6: without it they have no address of that family, and nothing passes from or to one. */
    void onIpv6(final boolean isSupported) {
        if (hasIpv6 != isSupported) {
            hasIpv6 = isSupported;
            List.copyOf(endpointByInterface.keySet()).forEach(this::reconcile);
        }
    }

    /** An endpoint is there, or has changed. */
    void onEndpoint(final WorkloadEndpointUpdate endpoint) {
        final String previous = interfaceById.put(endpoint.id(), endpoint.interfaceName());
        if (previous != null && !previous.equals(endpoint.interfaceName())) {
            removeEndpoint(endpoint.id(), previous);
        }
        endpointByInterface.put(endpoint.interfaceName(), endpoint);
        reconcile(endpoint.interfaceName());
    }

    /** An endpoint is gone. */
    void onEndpointRemoved(final WorkloadEndpointId id) {
        final String interfaceName = interfaceById.remove(id);
        if (interfaceName != null) {
            removeEndpoint(id, interfaceName);
        }
    }

    /** The interface may have another endpoint by now, which stays. */
    private void removeEndpoint(final WorkloadEndpointId id, final String interfaceName) {
        final WorkloadEndpointUpdate present = endpointByInterface.get(interfaceName);
        if (present != null && present.id().equals(id)) {
            endpointByInterface.remove(interfaceName);
            reconcile(interfaceName);
        }
    }

    /** The control source has told everything once. */
    void onInSync() {
        if (!inSync) {
            beforeFirst.run();
        }
        inSync = true;
        isHurried = endpointByInterface.keySet().stream().filter(ifindexByName::containsKey).count() > HURRY_FROM;
        endpointByInterface.keySet().forEach(this::reconcile);
        isHurried = false;
        attacher.retainOnly(attached().stream().map(AttachedWorkload::ifindex).toList());
        changed = true;
    }

    /**
     * An interface is there, perhaps under a new index. Told again, an attachment that failed is tried again.
     *
     * @param name its name.
     * @param ifindex its index.
     */
    void onLinkPresent(final String name, final int ifindex) {
        ifindexByName.put(name, ifindex);
        reconcile(name);
    }

    /**
     * An interface is gone: deleted, renamed or moved to another namespace.
     *
     * @param name the name it had.
     * @param ifindex the index it had; a younger interface of the same name stays.
     */
    void onLinkGone(final String name, final int ifindex) {
        if (ifindexByName.remove(name, ifindex)) {
            reconcile(name);
        }
    }

    /**
     * All interfaces at once, after events were lost.
     *
     * @param links index by name.
     */
    void onLinks(final Map<String, Integer> links) {
        for (final Map.Entry<String, Integer> known : List.copyOf(ifindexByName.entrySet())) {
            if (!links.containsKey(known.getKey())) {
                onLinkGone(known.getKey(), known.getValue());
            }
        }
        links.forEach(this::onLinkPresent);
    }

    /**
     * Tells the workers, if anything was attached or detached since they were told, and lets the host's stack have what
     * was attached. Once for a batch of events.
     */
    void publishIfChanged() {
        if (changed) {
            publish();
        }
        attacher.armAttached();
    }

    /** What the workers know of the workloads has changed, though what is attached has not. */
    void publishAgain() {
        changed = true;
    }

    private void publish() {
        changed = false;
        publishedCount = attachedByInterface.size();
        attacher.publish(attached());
    }

    /**
     * A thousand interfaces take the kernel half a minute: the first need not wait for the last. Each time there are
     * twice as many, so that the tables that are built meanwhile are no more work than the last one. Before the workers
     * run nobody waits.
     */
    private void publishIfDoubled() {
        if (attachedByInterface.size() >= 2 * publishedCount && attacher.areWorkersRunning()) {
            publish();
        }
    }

    /** Whether {@link #settleOne} has nothing to do. */
    boolean isSettled() {
        return attacher.isSettled();
    }

    /** Gives one of many workloads that were attached in a hurry what lasts: for when nothing else is to do. */
    void settleOne() {
        attacher.settleOne();
    }

    /** Every workload that is under the engine now. */
    List<AttachedWorkload> attached() {
        return new ArrayList<>(attachedByInterface.values());
    }

    /** Endpoints that are not attached, with their interfaces: those wait for it, or are not active. */
    List<String> waiting() {
        return endpointByInterface.values().stream()
            .filter(endpoint -> !attachedByInterface.containsKey(endpoint.interfaceName()))
            .map(endpoint -> endpoint.id() + " (" + endpoint.interfaceName()
                + (endpoint.state() == EndpointState.ACTIVE ? ")" : ", not active)")).sorted().toList();
    }

    /** Every endpoint, and whether it is attached. */
    Map<WorkloadEndpointUpdate, Boolean> endpoints() {
        final Map<WorkloadEndpointUpdate, Boolean> endpoints = HashMap.newHashMap(endpointByInterface.size());
        endpointByInterface.forEach((interfaceName, endpoint) ->
            endpoints.put(endpoint, attachedByInterface.containsKey(interfaceName)));
        return endpoints;
    }

    /** Interfaces that have an endpoint and could not be attached, with the reason of each. */
    List<String> problems() {
        return List.copyOf(problemByInterface.values());
    }

    private void reconcile(final String interfaceName) {
        if (!inSync) {
            return;
        }
        final String problemBefore = problemByInterface.remove(interfaceName);
        final AttachedWorkload wanted = wanted(interfaceName, problemBefore);
        final AttachedWorkload present = attachedByInterface.get(interfaceName);
        if (Objects.equals(wanted, present)) {
            return;
        }
        if (present != null && (wanted == null || wanted.ifindex() != present.ifindex())) {
            detach(present);
        }
        if (wanted != null) {
            attach(wanted);
            changed = true;
            publishIfDoubled();
        } else {
            changed = true;
        }
    }

    private AttachedWorkload wanted(final String interfaceName, final String problemBefore) {
        final WorkloadEndpointUpdate endpoint = endpointByInterface.get(interfaceName);
        final Integer ifindex = ifindexByName.get(interfaceName);
        if (endpoint == null || ifindex == null || endpoint.state() != EndpointState.ACTIVE) {
            return null;
        }
        try {
            return new AttachedWorkload(LocalWorkload.of(endpoint, podMac(endpoint, ifindex), hasIpv6), ifindex);
        } catch (final IllegalArgumentException unusable) {
            refuse(interfaceName, unusable.getMessage(), problemBefore);
        } catch (final NativeCallException failure) {
            /* Such as ENETDOWN: it says what was asked of the kernel, and not for whom. It is asked again. */
            awaitingMac.add(interfaceName);
            refuse(interfaceName, "workload endpoint " + endpoint.id() + ": cannot find out its MAC address: "
                + failure.getMessage(), problemBefore);
        }
        return null;
    }

    private void refuse(final String interfaceName, final String reason, final String problemBefore) {
        final String problem = reason + "; its interface " + interfaceName + " stays dropped";
        problemByInterface.put(interfaceName, problem);
        if (!problem.equals(problemBefore)) {
            log.warn(problem);
        }
    }

    /** What was found out once stays: a pod's address does not change while its interface is there. */
    private MacAddress podMac(final WorkloadEndpointUpdate endpoint, final int ifindex) {
        if (endpoint.mac().isPresent()) {
            return endpoint.mac().get();
        }
        final AttachedWorkload present = attachedByInterface.get(endpoint.interfaceName());
        if (present != null && present.ifindex() == ifindex
            && present.workload().id().equals(endpoint.id().toString())) {
            return present.workload().mac();
        }
        return attacher.podMac(endpoint, ifindex).orElseThrow(() -> {
            awaitingMac.add(endpoint.interfaceName());
            return new IllegalArgumentException("workload endpoint " + endpoint.id() + ": the control source does not"
                + " know its MAC address, and neither does the kernel yet (it is asked every second)");
        });
    }

    /** Whether some pod's MAC address is still to be found out. Any thread. */
    boolean awaitsMac() {
        return !awaitingMac.isEmpty();
    }

    /** Asks the kernel again for MAC addresses that it did not know. */
    void retryMacs() {
        final List<String> waiting = List.copyOf(awaitingMac);
        waiting.forEach(awaitingMac::remove);
        waiting.forEach(this::reconcile);
    }

    private void attach(final AttachedWorkload wanted) {
        final String interfaceName = wanted.workload().interfaceName();
        try {
            if (isHurried) {
                attacher.attachForNow(wanted.workload(), wanted.ifindex());
            } else {
                attacher.attach(wanted.workload(), wanted.ifindex());
            }
            attachedByInterface.put(interfaceName, wanted);
        } catch (final RuntimeException failure) {
            final String problem = "attach " + interfaceName + " of " + wanted.workload().id() + " (it stays dropped)";
            problemByInterface.put(interfaceName, problem + ": " + failure.getMessage());
            log.error(problem, failure);
            detach(wanted);
        }
    }

    private void detach(final AttachedWorkload present) {
        attachedByInterface.remove(present.workload().interfaceName());
        try {
            attacher.detach(present.workload(), present.ifindex());
        } catch (final RuntimeException failure) {
            log.error("detach " + present.workload().interfaceName(), failure);
        }
    }
}
