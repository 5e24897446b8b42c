package io.caracal.control.manifest;

import io.caracal.policy.model.IpProtocol;

/**
 * An IP set that a rule needs, by what it is made of (felix/calc/rule_scanner.go): everything that a selector selects,
 * a named port of that, or the backends of a service.
 *
 * @param id       Felix's id, a hash of the rest.
 * @param selector who is in it; null for a service.
 * @param portName the named port; empty for addresses alone.
 * @param protocol the named port's protocol; {@link #ANY_PROTOCOL} for any.
 * @param service  {@code namespace/name}; empty where it is no service's.
 */
record IpSetDefinition(String id, Selector selector, String portName, int protocol, String service) {
    static final int ANY_PROTOCOL = 255;

    private static final String PORTS_PREFIX = "svc";
    private static final String ADDRESSES_PREFIX = "svcnoport";

    static IpSetDefinition selected(final Selector selector) {
        return new IpSetDefinition(selector.setId(), selector, "", 0, "");
    }

    static IpSetDefinition namedPort(final Selector selector, final int protocol, final String name) {
        final String word = protocol == ANY_PROTOCOL ? "any" : IpProtocol.name(protocol);
        final String id = Hashes.setId("n", selector.setId() + "," + word + "," + name);
        return new IpSetDefinition(id, selector, name, protocol, "");
    }

    static IpSetDefinition serviceAddresses(final String service) {
        return new IpSetDefinition(Hashes.setId(ADDRESSES_PREFIX, service), null, "", 0, service);
    }

    static IpSetDefinition servicePorts(final String service) {
        return new IpSetDefinition(Hashes.setId(PORTS_PREFIX, service), null, "", ANY_PROTOCOL, service);
    }

    /** Whether its members have ports. */
    boolean hasPorts() {
        return protocol != 0;
    }
}
