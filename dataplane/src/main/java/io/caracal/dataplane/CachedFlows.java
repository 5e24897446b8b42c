package io.caracal.dataplane;

import io.caracal.conntrack.FlowOffload;
import io.caracal.conntrack.OffloadEntry;
import io.caracal.xdp.cache.CachedFlowSeen;
import io.caracal.xdp.cache.CachedFlowSpec;
import io.caracal.xdp.cache.FlowCachePart;

/** A worker's part of the flow cache as connection tracking wants it. The worker's thread. */
final class CachedFlows implements FlowOffload {
    static {
        assert PROBES == FlowCachePart.BUCKET_SLOTS && NONE == FlowCachePart.NONE;
        assert TO_WORKLOAD == CachedFlowSpec.TO_WORKLOAD && TO_DEVICE == CachedFlowSpec.TO_DEVICE
            && TO_HOST == CachedFlowSpec.TO_HOST && PASS == CachedFlowSpec.PASS
            && EGRESS == CachedFlowSpec.EGRESS && ANY_INTERFACE == CachedFlowSpec.ANY_INTERFACE;
        assert SEEN_SYN_ACK == CachedFlowSeen.SYN_ACK && SEEN_ACK == CachedFlowSeen.ACK
            && SEEN_FIN == CachedFlowSeen.FIN && SEEN_RST == CachedFlowSeen.RST
            && SEEN_LAST_ACK == CachedFlowSeen.LAST_ACK;
    }

    private final FlowCachePart part;
    private final CachedFlowSpec spec = new CachedFlowSpec();
    private final CachedFlowSpec replySpec = new CachedFlowSpec();
    /** Keeps reads alive that nobody needs the result of. */
    private long touched;

    CachedFlows(final FlowCachePart part) {
        this.part = part;
    }

    private CachedFlowSpec spec(final OffloadEntry entry) {
        return fill(entry, spec);
    }

    private static CachedFlowSpec fill(final OffloadEntry entry, final CachedFlowSpec spec) {
        spec.ipVersion = entry.ipVersion;
        spec.protocol = entry.protocol;
        spec.sourceHigh = entry.tuple.sourceHigh;
        spec.sourceLow = entry.tuple.sourceLow;
        spec.destinationHigh = entry.tuple.destinationHigh;
        spec.destinationLow = entry.tuple.destinationLow;
        spec.ports = entry.tuple.ports;
        spec.ingressIfindex = entry.ingressIfindex;
        spec.action = entry.action;
        spec.targetIfindex = entry.targetIfindex;
        spec.mtu = entry.mtu;
        spec.isTranslated = entry.isTranslated;
        spec.natAddress = entry.natAddress;
        spec.natPort = entry.natPort;
        spec.generation = entry.generation;
        spec.sourceRule = entry.sourceRule;
        spec.destinationRule = entry.destinationRule;
        spec.flow = entry.flow;
        return spec;
    }

    @Override
    public int slotCount() {
        return part.slotCount();
    }

    @Override
    public int usedCount() {
        return part.usedCount();
    }

    @Override
    public int home(final OffloadEntry entry) {
        return part.home(spec(entry));
    }

    @Override
    public int find(final OffloadEntry entry) {
        return part.find(spec(entry));
    }

    @Override
    public int insert(final OffloadEntry entry) {
        return part.insert(spec(entry));
    }

    @Override
    public void remove(final int slot) {
        part.remove(slot);
    }

    @Override
    public boolean isUsed(final int slot) {
        return part.isUsed(slot);
    }

    @Override
    public int flow(final int slot) {
        return part.flow(slot);
    }

    @Override
    public void flow(final int slot, final int flow) {
        part.flow(slot, flow);
    }

    @Override
    public long takePackets(final int slot) {
        return part.takePackets(slot);
    }

    @Override
    public long takeBytes(final int slot) {
        return part.takeBytes(slot);
    }

    @Override
    public int takeSeen(final int slot) {
        return part.takeSeen(slot);
    }

    @Override
    public int seen(final int slot) {
        return part.seen(slot);
    }

    @Override
    public long lastSeenNs(final int slot) {
        return part.lastSeenNs(slot);
    }

    @Override
    public boolean read(final int slot, final OffloadEntry target) {
        if (!part.read(slot, spec)) {
            return false;
        }
        target.ipVersion = spec.ipVersion;
        target.protocol = spec.protocol;
        target.tuple.sourceHigh = spec.sourceHigh;
        target.tuple.sourceLow = spec.sourceLow;
        target.tuple.destinationHigh = spec.destinationHigh;
        target.tuple.destinationLow = spec.destinationLow;
        target.tuple.ports = spec.ports;
        target.ingressIfindex = spec.ingressIfindex;
        target.action = spec.action;
        target.targetIfindex = spec.targetIfindex;
        target.mtu = spec.mtu;
        target.isTranslated = spec.isTranslated;
        target.natAddress = spec.natAddress;
        target.natPort = spec.natPort;
        target.generation = spec.generation;
        target.sourceRule = spec.sourceRule;
        target.destinationRule = spec.destinationRule;
        target.flow = spec.flow;
        return true;
    }

    @Override
    public void clear() {
        part.clear();
    }

    @Override
    public int epoch() {
        return part.openings().epoch();
    }

    @Override
    public void putKind(final OffloadEntry way, final OffloadEntry reply, final int epoch) {
        part.openings().put(spec(way), fill(reply, replySpec), epoch);
    }

    @Override
    public boolean hasOpened() {
        return part.openings().hasOpened();
    }

    @Override
    public int openedCount() {
        return part.openings().openedCount();
    }

    @Override
    public void touchOpened(final int count) {
        touched ^= part.touchOpened(count);
    }

    @Override
    public int takeOpened() {
        return part.openings().take();
    }

    @Override
    public boolean isOpened(final int slot) {
        return part.isOpened(slot);
    }

    @Override
    public void claim(final int slot) {
        part.claim(slot);
    }

    @Override
    public int otherSlot(final int slot) {
        return part.otherSlot(slot);
    }
}
