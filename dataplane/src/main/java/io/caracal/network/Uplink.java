package io.caracal.network;

import io.caracal.bindings.Ethtool;
import io.caracal.bindings.NativeCallException;
import io.caracal.netlink.Link;
import io.caracal.port.CounterBlock;
import io.caracal.port.PortSpec;
import io.caracal.port.UplinkPort;
import io.caracal.port.XskPort;
import io.caracal.umem.Umem;
import io.caracal.wire.EthernetHeader;
import io.caracal.xdp.XskMap;
import io.caracal.xdp.uplink.UplinkMode;
import io.caracal.xsk.RingDepths;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One uplink under the engine: its sockets, one for each receive queue, and the workers' ports on them. Queue q is
 * worker q's, counted round. The control thread's.
 */
final class Uplink implements PollableUplink {
    private static final int VLAN_TAG_LENGTH = 4;

    private final Link link;
    private final UplinkSettings.Mode mode;
    private final int queueBase;
    private final int queueCount;
    private final List<PortOfWorker> ports = new ArrayList<>();

    private final List<XskPort> polled = new ArrayList<>();

    private record PortOfWorker(int worker, UplinkPort port, XskPort onSocket, XskSocket socket) {
    }

    /**
     * Opens nothing yet.
     *
     * @param link the interface.
     * @param mode how it shall be driven.
     * @param queueBase of its sockets in the map of sockets.
     */
    Uplink(final Link link, final UplinkSettings.Mode mode, final int queueBase) {
        this.link = link;
        this.mode = mode;
        this.queueBase = queueBase;
        queueCount = mode.uplinkMode() == UplinkMode.KERNEL ? 0 : queueCount(link);
    }

    /** Receive queues that packets may come by; a driver that does not tell has those that it made. */
    static int queueCount(final Link link) {
        try {
            final Ethtool.Channels channels = Ethtool.channels(link.name());
            return Math.max(1, channels.rx() + channels.combined());
        } catch (final NativeCallException unsupported) {
            return Math.max(1, link.rxQueueCount());
        }
    }

    /**
     * Whether packets come that are larger than the MTU, which a driver has to stop for XDP: what a peer has not cut
     * (veth), or the device has put together.
     */
    static boolean bringsLargePackets(final Link link) {
        if ("veth".equals(link.kind())) {
            return true;
        }
        try {
            final Map<String, Boolean> features = Ethtool.features(link.name());
            return features.getOrDefault(Ethtool.LRO, false) || features.getOrDefault(Ethtool.GRO_HW, false);
        } catch (final NativeCallException unsupported) {
            return false;
        }
    }

    /**
     * Opens the sockets, gives the workers ports on them, and enters them into the map.
     *
     * @param workers who serve them.
     * @param sockets the map of the programs.
     * @param ringDepth entries of each ring.
     * @param busyPoll whether the sockets are made for being polled.
     * @throws NativeCallException EOPNOTSUPP without zero-copy, EBUSY when a queue has another owner, ENODEV.
     */
    void open(final UplinkWorkers workers, final XskMap sockets, final int ringDepth, final boolean busyPoll) {
        final XskSocket[] firstOfWorker = new XskSocket[workers.count()];
        for (int queue = 0; queue < queueCount; queue++) {
            final int worker = queue % workers.count();
            final XskConfig config = XskConfig.of(link.name(), link.index(), queue).withMode(mode.xskMode())
                .withDepths(new RingDepths(ringDepth, ringDepth, ringDepth, ringDepth))
                .withMultiBuffer(link.mtu() > NetworkControl.SINGLE_BUFFER_MTU_MAX).withBusyPoll(busyPoll);
            final XskSocket socket = firstOfWorker[worker] == null ? XskSocket.open(workers.umem(worker), config)
                : firstOfWorker[worker].share(config);
            firstOfWorker[worker] = firstOfWorker[worker] == null ? socket : firstOfWorker[worker];
            addPort(workers, worker, socket, queue);
            sockets.set(queueBase + queue, socket.fd());
        }
        for (int worker = queueCount; queueCount > 0 && worker < workers.count(); worker++) {
            workers.relay(worker, link.index(), worker % queueCount);
        }
    }

    private void addPort(final UplinkWorkers workers, final int worker, final XskSocket socket, final int queue) {
        final int maxPacketLength =
            Math.min(Umem.MAX_BLOCK_PACKET_LENGTH, link.mtu() + EthernetHeader.LENGTH + VLAN_TAG_LENGTH);
        final PortSpec spec = new PortSpec(
            link.name() + " queue " + queue, UplinkPort.EGRESS_ACTIONS, maxPacketLength, link.index());
        workers.run(worker, (packetWorker, pool) -> {
            final XskPort onSocket = new XskPort(spec, socket.rings(), socket, pool);
            final UplinkPort port = new UplinkPort(onSocket, link.index());
            packetWorker.addPort(port);
            ports.add(new PortOfWorker(worker, port, onSocket, socket));
        });
    }

    @Override
    public int pollableCount() {
        return (int)ports.stream().filter(each -> each.socket.isPollable()).count();
    }

    @Override
    public List<CounterBlock> beginPolling(final UplinkWorkers workers) {
        final List<PortOfWorker> pollable = ports.stream().filter(each -> each.socket.isPollable())
            .filter(each -> !polled.contains(each.onSocket)).toList();
        pollable.forEach(each -> workers.run(each.worker, (packetWorker, pool) -> each.onSocket.beginPolling()));
        pollable.forEach(each -> polled.add(each.onSocket));
        return pollable.stream().map(each -> each.onSocket.counters()).toList();
    }

    @Override
    public int polledCount() {
        return polled.size();
    }

    @Override
    public List<CounterBlock> pollCounters() {
        return polled.stream().map(XskPort::counters).toList();
    }

    /** Takes the ports from the workers, which closes the sockets; frames come back. */
    void close(final UplinkWorkers workers, final XskMap sockets) {
        for (int queue = 0; queue < queueCount; queue++) {
            sockets.clear(queueBase + queue);
        }
        for (int worker = queueCount; queueCount > 0 && worker < workers.count(); worker++) {
            workers.relay(worker, link.index(), worker);
        }
        ports.forEach(each -> workers.run(each.worker, (packetWorker, pool) -> packetWorker.removePort(each.port)));
        ports.clear();
    }

    @Override
    public String name() {
        return link.name();
    }

    @Override
    public UplinkMode uplinkMode() {
        return mode.uplinkMode();
    }

    Link link() {
        return link;
    }

    UplinkSettings.Mode mode() {
        return mode;
    }

    int queueBase() {
        return queueBase;
    }

    @Override
    public int queueCount() {
        return queueCount;
    }

    /** Whether an interface of the same index is still what was opened. */
    boolean isStill(final Link now) {
        return now.name().equals(link.name()) && now.mtu() == link.mtu() && Objects.equals(now.mac(), link.mac())
            && (queueCount == 0 || queueCount(now) == queueCount);
    }
}
