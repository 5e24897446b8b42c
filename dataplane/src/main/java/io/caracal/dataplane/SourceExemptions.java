package io.caracal.dataplane;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import io.caracal.control.NodeChange.FelixSettings;
import io.caracal.control.PolicyChange;
import io.caracal.policy.model.Prefix;
import io.caracal.stage.SourcePrefixes;

/**
 * From which sources that are not its own each workload endpoint may send: Calico's {@code allowSpoofedSourcePrefixes},
 * while the setting WorkloadSourceSpoofing is {@code Any}. With {@code Disabled}, the default, Felix takes an endpoint
 * that asks for it for missing (felix/calc/validation_filter.go) and does not tell of it; from manifests it is policed
 * as any other, and reported.
 *
 * <p>Control thread only.</p>
 */
final class SourceExemptions {
    private static final String SETTING = "WorkloadSourceSpoofing";

    private final Map<String, List<Prefix>> prefixesById = new TreeMap<>();
    private final Map<Integer, SourcePrefixes> publishedByIfindex = new HashMap<>();
    private final EngineLog log;
    private boolean isAllowed;
    private boolean changed;

    /**
     * Nobody is exempt.
     *
     * @param log where an endpoint is named that asks in vain.
     */
    SourceExemptions(final EngineLog log) {
        this.log = log;
    }

    /** Takes one change. */
    void onChange(final PolicyChange change) {
        switch (change) {
            case PolicyChange.WorkloadPolicyUpdate(var endpoint, var prefixes) -> put(endpoint.id(), prefixes);
            case PolicyChange.WorkloadPolicyRemove(var id) -> changed |= prefixesById.remove(id) != null;
            default -> { }
        }
    }

    private void put(final String id, final List<Prefix> prefixes) {
        final List<Prefix> before = prefixes.isEmpty() ? prefixesById.remove(id) : prefixesById.put(id, prefixes);
        if (!prefixes.equals(before == null ? List.of() : before)) {
            changed = true;
            if (!isAllowed && !prefixes.isEmpty()) {
                log.warn(problem(id, prefixes));
            }
        }
    }

    /** Takes Felix's settings. */
    void onSettings(final FelixSettings felix) {
        final boolean wasAllowed = isAllowed;
        isAllowed = "Any".equalsIgnoreCase(felix.settings().getOrDefault(SETTING, "").strip());
        changed |= wasAllowed != isAllowed;
    }

    /** Whether the workers may have to be told, since the last call. */
    boolean takeChange() {
        final boolean isChanged = changed;
        changed = false;
        return isChanged;
    }

    /** What an endpoint may send from, besides its own addresses. */
    SourcePrefixes of(final String id) {
        return isAllowed && prefixesById.containsKey(id) ? SourcePrefixes.of(
            prefixesById.get(id).stream().map(Prefix::toString).toArray(String[]::new)) : SourcePrefixes.NONE;
    }

    /**
     * Remembers what the workers are told.
     *
     * @param exemptByIfindex of all workloads.
     * @return interfaces that may no longer do all that they might before.
     */
    Set<Integer> published(final Map<Integer, SourcePrefixes> exemptByIfindex) {
        final Set<Integer> narrowed = new TreeSet<>();
        publishedByIfindex.forEach((ifindex, before) -> {
            if (!before.equals(SourcePrefixes.NONE) && !before.equals(exemptByIfindex.get(ifindex))) {
                narrowed.add(ifindex);
            }
        });
        publishedByIfindex.clear();
        publishedByIfindex.putAll(exemptByIfindex);
        return narrowed;
    }

    /** Endpoints whose wish has no effect. */
    List<String> problems() {
        return isAllowed ? List.of()
            : prefixesById.entrySet().stream().map(each -> problem(each.getKey(), each.getValue())).toList();
    }

    private static String problem(final String id, final List<Prefix> prefixes) {
        return "workload endpoint " + id + ": allowSpoofedSourcePrefixes " + prefixes + " have no effect: the setting "
            + SETTING + " is not Any";
    }
}
