package io.caracal.route;

import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.TransportPorts;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/** Writes the outer headers of a tunnel that are the same for each packet. Used while a table is built. */
final class TunnelTemplate {
    private static final int VERSION_AND_LENGTH = 0x45;

    private final UnsafeBuffer buffer;
    private final NextHop.Tunnel tunnel;

    TunnelTemplate(final UnsafeBuffer buffer, final NextHop.Tunnel tunnel) {
        this.buffer = buffer;
        this.tunnel = tunnel;
    }

    /** Leaves length, identification, type of service and checksum 0; returns the sum of the header's words. */
    int writeIpv4(final int index) {
        buffer.putByte(index, (byte)VERSION_AND_LENGTH);
        final int fragmentWord = tunnel.settings().dontFragment() ? Ipv4Header.DONT_FRAGMENT : 0;
        buffer.putInt(index + Ipv4Header.IDENTIFICATION_OFFSET, fragmentWord, ByteOrder.BIG_ENDIAN);
        buffer.putShort(index + Ipv4Header.TTL_OFFSET,
            (short)(tunnel.settings().ttl() << 8 | IpProtocol.UDP), ByteOrder.BIG_ENDIAN);
        buffer.putBytes(index + Ipv4Header.SOURCE_OFFSET, tunnel.source().getAddress());
        buffer.putBytes(index + Ipv4Header.DESTINATION_OFFSET, tunnel.destination().getAddress());
        return (int)InternetChecksum.sum(buffer, index, Ipv4Header.MIN_LENGTH);
    }

    /** Leaves payload length, traffic class and flow label 0. */
    void writeIpv6(final int index) {
        Ipv6Header.write(buffer, index, 0, IpProtocol.UDP, tunnel.settings().ttl());
        final ByteBuffer source = ByteBuffer.wrap(tunnel.source().getAddress());
        Ipv6Header.writeSource(buffer, index, source.getLong(), source.getLong());
        final ByteBuffer destination = ByteBuffer.wrap(tunnel.destination().getAddress());
        Ipv6Header.writeDestination(buffer, index, destination.getLong(), destination.getLong());
    }

    /** Leaves source port, length and checksum 0. */
    void writeUdp(final int index) {
        TransportPorts.write(buffer, index, 0, tunnel.settings().port());
    }
}
