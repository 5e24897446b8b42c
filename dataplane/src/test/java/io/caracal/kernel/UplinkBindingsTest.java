package io.caracal.kernel;

import static io.caracal.kernel.TwoNodes.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.Errno;
import io.caracal.nat.NatTuple;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.uplink.NatBinding;
import io.caracal.xdp.uplink.UplinkLimits;
import io.caracal.xdp.uplink.UplinkPrograms;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A worker's bindings as the uplinks' programs see them in their map. */
class UplinkBindingsTest {
    private static final int WORKER = 3;

    private PuntPrograms punt;
    private UplinkPrograms programs;
    private UplinkBindings bindings;

    @BeforeEach
    void load() {
        punt = PuntPrograms.load(1);
        programs = UplinkPrograms.load(null, punt, new UplinkLimits(1, 1, 3), false);
        bindings = new UplinkBindings(programs.bindingWriter(WORKER));
    }

    @AfterEach
    void unload() {
        programs.close();
        punt.close();
    }

    private static NatTuple incoming(final String remote, final String own, final int protocol) {
        final NatTuple tuple = new NatTuple();
        tuple.protocol = protocol;
        tuple.sourcePort = 53;
        tuple.destinationPort = 40_000;
        if (own.contains(":")) {
            final ByteBuffer source = ByteBuffer.wrap(ip(remote).getAddress());
            final ByteBuffer destination = ByteBuffer.wrap(ip(own).getAddress());
            tuple.sourceHigh = source.getLong();
            tuple.sourceLow = source.getLong();
            tuple.destinationHigh = destination.getLong();
            tuple.destinationLow = destination.getLong();
        } else {
            tuple.setIpv4(ByteBuffer.wrap(ip(remote).getAddress()).getInt(),
                ByteBuffer.wrap(ip(own).getAddress()).getInt());
        }
        return tuple;
    }

    private Optional<Integer> ownerOf(final String remote, final String own, final int remotePort,
        final int protocol) {
        return programs.natBindings().lookup(new NatBinding(ip(own), ip(remote), 40_000, remotePort, protocol));
    }

    @Test
    void shouldWriteAndRemoveWhatAnswersLookLike() {
        final NatTuple udp = incoming("198.51.100.7", "192.0.2.1", 17);
        final NatTuple tcp6 = incoming("2001:db8:1::7", "2001:db8::1", 6);
        final NatTuple ping = incoming("198.51.100.7", "192.0.2.1", 1);

        bindings.bound(udp);
        bindings.bound(tcp6);
        bindings.bound(ping);

        assertEquals(Optional.of(WORKER), ownerOf("198.51.100.7", "192.0.2.1", 53, 17));
        assertEquals(Optional.of(WORKER), ownerOf("2001:db8:1::7", "2001:db8::1", 53, 6));
        assertEquals(Optional.of(WORKER), ownerOf("198.51.100.7", "192.0.2.1", 0, 1));
        bindings.released(udp);
        bindings.released(udp);
        assertEquals(Optional.empty(), ownerOf("198.51.100.7", "192.0.2.1", 53, 17));
        assertEquals(0, bindings.failureCount());
    }

    @Test
    void shouldCountWhatDoesNotFit() {
        for (final int protocol : new int[] {17, 6, 132}) {
            bindings.bound(incoming("198.51.100.7", "192.0.2.1", protocol));
        }
        assertEquals(0, bindings.failureCount());

        bindings.bound(incoming("198.51.100.8", "192.0.2.1", 17));

        assertEquals(1, bindings.failureCount());
        assertEquals(Errno.E2BIG, bindings.lastErrno());
    }
}
