package io.caracal.dataplane;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.caracal.control.ControlSource;
import io.caracal.control.SourceStatus;
import io.caracal.control.felix.MessageTree;

/** What the running engine answers about control: where the source stands, what is in force, what was said. */
final class ControlReport {
    private final ControlSource source;
    private final ControlLoop control;
    private final PolicyControl policy;

    ControlReport(final ControlSource source, final ControlLoop control, final PolicyControl policy) {
        this.source = source;
        this.control = control;
        this.policy = policy;
    }

    /** What {@code status} says of control. Any thread. */
    void addTo(final Map<String, Object> report) {
        final SourceStatus status = source.status();
        final Map<String, Object> place = new LinkedHashMap<>();
        place.put("kind", status.source());
        place.put("place", status.place());
        place.put("phase", status.phase().label());
        place.put("revision", Math.min(status.revision(), control.revisionInForce()));
        place.put("revisionTold", status.revision());
        place.put("counters", new java.util.TreeMap<>(status.counters()));
        report.put("source", place);
        report.put("ready", control.readiness().reasons().isEmpty());
        report.put("notReady", control.readiness().reasons());
        report.put("notEnforced", control.readiness().notEnforced());
        report.put("waiting", control.waiting());
    }

    /** What is in force; taken on the control thread, after whatever it does now. */
    Map<String, Object> policy() {
        return control.ask(policy::describe);
    }

    /** Everything that was said and holds: {@code {"messages": […]}}. */
    Map<String, Object> said() {
        return Map.of("messages", List.copyOf(source.said().stream().map(MessageTree::of).toList()));
    }
}
