package io.caracal.dataplane;

import java.util.List;

import io.caracal.handover.CalicoRules;

/** Rules that Calico's own mode has left on the node: kept, told of or removed, as {@code calico-rules} says. */
final class FormerRules {
    private FormerRules() {
    }

    /** Not before the pods are attached: until then nothing else polices them. Any thread. */
    static void seeTo(final DataplaneConfig config, final EngineLog log) {
        final String wanted = config.text(ConfigKey.CALICO_RULES);
        if ("keep".equals(wanted)) {
            return;
        }
        try {
            final boolean removes = "remove".equals(wanted);
            final List<String> found = removes ? CalicoRules.remove() : CalicoRules.find();
            if (!found.isEmpty()) {
                log.info((removes ? "removed what Calico's own mode left: "
                    : "rules of Calico's own mode are still there and police what goes through the host's stack "
                    + "(caracal run --set calico-rules=remove takes them away): ") + String.join("; ", found));
            }
        } catch (final RuntimeException failure) {
            log.error("look for Calico's rules of before", failure);
        }
    }
}
