package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** By which interface a packet came, to host endpoints: of another node's pod, not by the uplink. */
final class PolicyWayTest {
    private static final int UPLINK = 2;
    private static final int OVERLAY = 3;
    private static final int OVERLAY_IPV6 = 4;

    private final PacketBurst burst = new PacketBurst(new UnsafeBuffer(ByteBuffer.allocateDirect(64)));
    private final PolicyWay way = new PolicyWay(UPLINK);

    private int cameBy(final int ifindex, final int flags, final int ipVersion) {
        burst.clear();
        burst.add(0, 64);
        burst.direction(0, Direction.FROM_UPLINK);
        burst.ingressIfindex(0, ifindex);
        burst.ipVersion(0, (byte)ipVersion);
        burst.addFlags(0, flags);
        return way.in(burst, 0, 0);
    }

    @Test
    void shouldKnowWhatTheOverlayBringsWhoeverUnwrapsIt() {
        way.overlay(OVERLAY, OVERLAY_IPV6);
        assertEquals(UPLINK, cameBy(UPLINK, 0, 4));
        assertEquals(OVERLAY, cameBy(UPLINK, PacketFlags.DECAPSULATED, 4));
        assertEquals(OVERLAY, cameBy(OVERLAY, 0, 4), "the kernel's device");
        assertEquals(OVERLAY_IPV6, cameBy(UPLINK, PacketFlags.DECAPSULATED, 6));
        assertEquals(OVERLAY_IPV6, cameBy(OVERLAY_IPV6, 0, 6));
    }

    @Test
    void shouldCallItTheUplinkWhilePolicyKnowsNoOverlay() {
        assertEquals(UPLINK, cameBy(OVERLAY, 0, 4));
        assertEquals(UPLINK, cameBy(UPLINK, PacketFlags.DECAPSULATED, 4));
        assertEquals(UPLINK, cameBy(0, 0, 4));
    }
}
