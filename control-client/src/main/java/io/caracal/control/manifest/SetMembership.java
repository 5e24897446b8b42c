package io.caracal.control.manifest;

import io.caracal.policy.model.Prefix;
import java.util.List;
import java.util.Map;

/**
 * What an endpoint or network set brings into IP sets.
 *
 * @param labels   its own labels.
 * @param profiles names of profiles whose labels it inherits, first found wins; its own labels come before all.
 * @param nets     its addresses.
 * @param ports    its named ports.
 */
record SetMembership(Map<String, String> labels, List<String> profiles, List<Prefix> nets, List<NamedPort> ports) {
    /**
     * A port with a name.
     *
     * @param name     the name.
     * @param protocol IP protocol number.
     * @param port     the number.
     */
    record NamedPort(String name, int protocol, int port) {
    }

    /** The value of a label, null where there is none. */
    String label(final String name, final Map<String, Map<String, String>> profileLabels) {
        final String own = labels.get(name);
        if (own != null) {
            return own;
        }
        for (final String profile : profiles) {
            final String inherited = profileLabels.getOrDefault(profile, Map.of()).get(name);
            if (inherited != null) {
                return inherited;
            }
        }
        return null;
    }
}
