package io.caracal.policy;

import io.caracal.policy.lookup.AddressClass;
import io.caracal.policy.lookup.AddressTable;

/**
 * The classes of one packet's addresses, looked up when first wanted and then kept for both legs of its way. Owned by
 * one worker; allocates nothing.
 */
final class PacketClasses {
    private AddressTable table;
    private PolicyPacket packet;
    private boolean addressesKnown;
    private AddressClass sourceHost;
    private AddressClass sourceNet;
    private AddressClass destinationHost;
    private AddressClass destinationNet;
    private AddressClass sourcePort;
    private AddressClass destinationPort;

    /** Goes to a packet. */
    void start(final CompiledPolicy policy, final PolicyPacket next) {
        packet = next;
        table = policy.addresses(next.v6);
        addressesKnown = false;
        sourcePort = null;
        destinationPort = null;
    }

    PolicyPacket packet() {
        return packet;
    }

    private void know() {
        if (!addressesKnown) {
            sourceHost = table.host(packet.sourceHigh, packet.sourceLow);
            destinationHost = table.host(packet.destinationHigh, packet.destinationLow);
            sourceNet = table.net(packet.sourceHigh, packet.sourceLow);
            destinationNet = table.net(packet.destinationHigh, packet.destinationLow);
            addressesKnown = true;
        }
    }

    AddressClass sourceHost() {
        know();
        return sourceHost;
    }

    AddressClass sourceNet() {
        know();
        return sourceNet;
    }

    AddressClass destinationHost() {
        know();
        return destinationHost;
    }

    AddressClass destinationNet() {
        know();
        return destinationNet;
    }

    AddressClass sourcePort() {
        if (sourcePort == null) {
            sourcePort = port(packet.sourceHigh, packet.sourceLow, packet.sourcePort);
        }
        return sourcePort;
    }

    AddressClass destinationPort() {
        if (destinationPort == null) {
            destinationPort = port(packet.destinationHigh, packet.destinationLow, packet.destinationPort);
        }
        return destinationPort;
    }

    private AddressClass port(final long high, final long low, final int port) {
        return packet.hasPorts() ? table.port(high, low, packet.protocol << 16 | port) : AddressClass.NONE;
    }

    /** In how many sets its addresses are. */
    int setCount() {
        know();
        return sourceHost.count() + sourceNet.count() + destinationHost.count() + destinationNet.count();
    }
}
