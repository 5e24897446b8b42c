package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * The process that {@link CrashRestartTest} kills: makes established flows, says so, and then writes to them, and makes
 * and removes others, as fast as it can until it is killed.
 */
final class CrashingWorker {
    private static final int PACKET_LENGTH = 100;
    /** Flows that come and go beside the established ones. */
    private static final int BRIEF_FLOWS = 1000;

    private CrashingWorker() {
    }

    static long addresses(final int flow) {
        return 0x0a00_0001_0000_0000L | 0x0b00_0000L + flow;
    }

    public static void main(final String[] arguments) {
        final int flows = Integer.parseInt(arguments[1]);
        final int capacity = 2 * flows;
        final FlowImage image = FlowImage.open(Path.of(arguments[0]), Tables.spec(4, capacity), BootIdentity.current());
        final Ipv4FlowTable table = Ipv4FlowTable.open(image, Tables.CONFIG, FlowRemovalListener.NONE,
            Tables.START_MS);
        final FlowTracker tracker = new FlowTracker(table, TcpPolicy.DEFAULTS);
        final Ipv4FlowSpec spec = new Ipv4FlowSpec();
        final int[] slots = new int[flows];
        for (int flow = 0; flow < flows; flow++) {
            spec.reset(addresses(flow), 1000 << 16 | 80, IpProtocol.TCP);
            spec.state = FlowState.TCP_ESTABLISHED;
            spec.flags = FlowFlags.ASSURED | FlowFlags.SEEN_REPLY | FlowFlags.APPROVED;
            spec.sourceIfindex = 12;
            spec.nowMs = Tables.START_MS;
            slots[flow] = table.create(spec);
        }
        System.out.println("ready");
        final SplittableRandom random = new SplittableRandom();
        final int[] brief = new int[BRIEF_FLOWS];
        for (int turn = 0;; turn++) {
            tracker.count(slots[random.nextInt(flows)] << 1 | turn & 1, PACKET_LENGTH, Tables.START_MS + 1);
            final int oldest = turn % BRIEF_FLOWS;
            if (turn >= BRIEF_FLOWS) {
                table.remove(brief[oldest], RemovalCause.FLUSHED);
            }
            brief[oldest] = table.create(Tables.udp(spec, addresses(flows), turn));
        }
    }
}
