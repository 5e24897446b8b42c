package io.caracal.perf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The scenarios by name, in the order in which {@code all} runs them. Immutable. */
public final class ScenarioRegistry {
    /** The name that stands for every scenario. */
    public static final String ALL = "all";

    private final Map<String, Scenario> byName;

    /**
     * A registry of given scenarios.
     *
     * @param scenarios in order; their names differ.
     */
    public ScenarioRegistry(final List<Scenario> scenarios) {
        byName = new LinkedHashMap<>();
        for (final Scenario scenario : scenarios) {
            if (byName.put(scenario.name(), scenario) != null || ALL.equals(scenario.name())) {
                throw new IllegalArgumentException("two scenarios are named " + scenario.name());
            }
        }
    }

    /**
     * Every scenario.
     *
     * @return in order.
     */
    public List<Scenario> scenarios() {
        return List.copyOf(byName.values());
    }

    /**
     * The scenarios of given names.
     *
     * @param names as typed; empty or {@value #ALL} means every one.
     * @return in the order of the names, each once.
     * @throws IllegalArgumentException naming what does not exist and what does.
     */
    public List<Scenario> find(final List<String> names) {
        if (names.isEmpty() || names.contains(ALL)) {
            return scenarios();
        }
        final List<Scenario> found = new ArrayList<>();
        for (final String name : names.stream().distinct().toList()) {
            final Scenario scenario = byName.get(name);
            if (scenario == null) {
                throw new IllegalArgumentException("no scenario '" + name + "'; there are "
                    + byName.keySet().stream().collect(Collectors.joining(", ")));
            }
            found.add(scenario);
        }
        return found;
    }
}
