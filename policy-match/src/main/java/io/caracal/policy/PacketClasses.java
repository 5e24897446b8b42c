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
    private boolean sourceKnown;
    private boolean destinationKnown;
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
        sourceKnown = false;
        destinationKnown = false;
        sourcePort = null;
        destinationPort = null;
    }

    PolicyPacket packet() {
        return packet;
    }

    private void knowSource() {
        if (!sourceKnown) {
            sourceHost = table.host(packet.sourceHigh, packet.sourceLow);
            sourceNet = table.net(packet.sourceHigh, packet.sourceLow);
            sourceKnown = true;
        }
    }

    private void knowDestination() {
        if (!destinationKnown) {
            destinationHost = table.host(packet.destinationHigh, packet.destinationLow);
            destinationNet = table.net(packet.destinationHigh, packet.destinationLow);
            destinationKnown = true;
        }
    }

    AddressClass sourceHost() {
        knowSource();
        return sourceHost;
    }

    AddressClass sourceNet() {
        knowSource();
        return sourceNet;
    }

    AddressClass destinationHost() {
        knowDestination();
        return destinationHost;
    }

    AddressClass destinationNet() {
        knowDestination();
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

    /** In how many sets its source is. */
    int sourceSetCount() {
        knowSource();
        return sourceHost.count() + sourceNet.count();
    }

    /** In how many sets its destination is. */
    int destinationSetCount() {
        knowDestination();
        return destinationHost.count() + destinationNet.count();
    }
}
