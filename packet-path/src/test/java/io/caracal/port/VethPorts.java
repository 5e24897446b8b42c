package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.burst.PacketBurst;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.RingDepths;
import io.caracal.xsk.UmemAnchor;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Ports on sockets of veth pairs in a namespace of their own, and the frames that they share. Real kernel, root. */
abstract class VethPorts {
    static final int FRAMES = 4096;
    static final RingDepths DEPTHS = new RingDepths(256, 256, 256, 256);
    private static final int ANCHOR_MTU = 3506;
    static final int ETHERNET_LENGTH = 14;

    VethLab lab;
    Umem umem;
    UmemAnchor anchor;
    FrameLedger ledger;
    FramePool pool;
    PacketBurst burst;

    @BeforeEach
    void openLab() {
        lab = new VethLab();
        lab.addPair("anchor0", "anchor1", ANCHOR_MTU);
        umem = Umem.create("ports-test", FRAMES);
        anchor = lab.call(() -> new UmemAnchor(umem, "anchor0", lab.ifindex("anchor0")));
        ledger = new FrameLedger(FRAMES);
        pool = new FramePool(ledger, 0, FRAMES);
        burst = new PacketBurst(umem.buffer());
    }

    @AfterEach
    void closeLab() {
        anchor.close();
        lab.close();
        umem.close();
    }

    final XskConfig config(final String name) {
        return XskConfig.of(name, lab.ifindex(name), 0).withDepths(DEPTHS);
    }

    final XskPort portOn(final String name, final int mtu, final XskSocket socket) {
        final XskPort port = new XskPort(
            new PortSpec(name, PortSpec.actions(PathFixture.ACTION), mtu + ETHERNET_LENGTH),
            socket.rings(), socket, pool);
        while (port.refill() > 0) {
            assertEquals(0, port.miscountedFrames());
        }
        lab.redirect(name, socket);
        return port;
    }
}
