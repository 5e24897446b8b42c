package io.caracal.control;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One change of what the engine shall do, in the terms of Felix's {@code ToDataplane} messages
 * (felix/proto/felixbackend.proto), whichever {@link ControlSource} it came from. Values are immutable and may be
 * handed between threads.
 *
 * <p>An update of an id replaces what was known of that id. A source may name an interface or address in an update
 * before it removes the endpoint that had it: consumers keep their state by id.
 */
public sealed interface ControlUpdate permits ControlUpdate.WorkloadEndpointUpdate,
    ControlUpdate.WorkloadEndpointRemove, ControlUpdate.InSync, PolicyChange, NodeChange {

    /**
     * A workload endpoint of this node is there, or has changed. Felix sends endpoints of its own node only, so no
     * node is named.
     *
     * @param id            who it is.
     * @param state         whether traffic may pass at all.
     * @param interfaceName the host's end of the pod's veth pair, at most 15 bytes.
     * @param mac           the pod's own MAC address; absent with the Kubernetes datastore, which does not record it.
     * @param ipv4Networks  the pod's IPv4 addresses as prefixes (a CNI plugin gives /32), without duplicates.
     * @param ipv6Networks  the pod's IPv6 addresses as prefixes (/128), without duplicates.
     */
    record WorkloadEndpointUpdate(WorkloadEndpointId id, EndpointState state, String interfaceName,
                                  Optional<MacAddress> mac, List<Ipv4Prefix> ipv4Networks,
                                  List<Ipv6Prefix> ipv6Networks) implements ControlUpdate {
        /** The longest name of a network interface: the kernel's IFNAMSIZ (16, linux/if.h) less its final zero. */
        public static final int INTERFACE_NAME_MAX_LENGTH = 15;

        /**
         * Checks and freezes the values.
         *
         * @throws IllegalArgumentException naming the value that cannot be.
         */
        public WorkloadEndpointUpdate {
            Objects.requireNonNull(id, "id");
            Objects.requireNonNull(state, "state");
            Objects.requireNonNull(mac, "mac");
            requireInterfaceName(interfaceName);
            ipv4Networks = withoutDuplicates(ipv4Networks);
            ipv6Networks = withoutDuplicates(ipv6Networks);
        }

        private static void requireInterfaceName(final String name) {
            final boolean printable = name.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '/' && c != ':');
            if (name.isEmpty() || name.length() > INTERFACE_NAME_MAX_LENGTH || !printable
                || ".".equals(name) || "..".equals(name)) {
                throw new IllegalArgumentException("interface name '" + name
                    + "' cannot be a network interface's: 1 to " + INTERFACE_NAME_MAX_LENGTH
                    + " printable ASCII characters other than '/' and ':'");
            }
        }

        private static <T> List<T> withoutDuplicates(final List<T> networks) {
            final List<T> frozen = List.copyOf(networks);
            for (final T network : frozen) {
                if (frozen.indexOf(network) != frozen.lastIndexOf(network)) {
                    throw new IllegalArgumentException("network " + network + " is listed twice");
                }
            }
            return frozen;
        }
    }

    /**
     * A workload endpoint is gone.
     *
     * @param id who it was.
     */
    record WorkloadEndpointRemove(WorkloadEndpointId id) implements ControlUpdate {
        /** Refuses null. */
        public WorkloadEndpointRemove {
            Objects.requireNonNull(id, "id");
        }
    }

    /**
     * All that holds now has been said: sent once per start of the source, after the first complete set of updates.
     * Before it the live path must not change (calico.md 3.2).
     */
    record InSync() implements ControlUpdate {
    }
}
