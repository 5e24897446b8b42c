package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.Umem;
import io.caracal.wire.PuntHeader;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The short way of parsing against the general one: what it accepts must come out the same, column by column. */
class PlainParserTest {
    private static final int UPLINK_IFINDEX = 3;
    private static final int FRAMES = 400_000;
    /** Bits are flipped among these first bytes: every header that the short way reads. */
    private static final int HEADER_BYTES = 78;
    /** Ethernet, IPv4 and UDP: what is shorter is not looked at. */
    private static final int IPV4_MIN_LENGTH = 14 + 20 + 8;

    private final StageFixture fixture = new StageFixture();
    private final PlainParser plain = new PlainParser(fixture.hash);
    private final ParseStage general = new ParseStage(fixture.hash);

    @Test
    void shouldAgreeWithTheGeneralWayOnWhateverItAccepts() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final SyntheticTraffic traffic = new SyntheticTraffic(seed, 50);
        int acceptedCount = 0;
        int flippedAndAcceptedCount = 0;
        for (int frame = 0; frame < FRAMES; frame++) {
            int length = traffic.nextFrame(fixture.umem, fixture.nextOffset(), Umem.MAX_PACKET_LENGTH);
            final boolean flipped = random.nextBoolean();
            if (flipped) {
                final int index = fixture.nextOffset() + random.nextInt(Math.min(length, HEADER_BYTES));
                fixture.umem.putByte(index, (byte)(fixture.umem.getByte(index) ^ 1 << random.nextInt(8)));
                length -= random.nextInt(4) == 0 ? random.nextInt(length) : 0;
            }
            if (agreesOn(length, random.nextInt(4) == 0, "seed " + seed + " frame " + frame)) {
                acceptedCount++;
                flippedAndAcceptedCount += flipped ? 1 : 0;
            }
        }
        assertTrue(acceptedCount > FRAMES / 8, "accepted " + acceptedCount + " of " + FRAMES);
        assertTrue(flippedAndAcceptedCount > FRAMES / 100, "accepted with a flipped bit: " + flippedAndAcceptedCount);
    }

    @Test
    void shouldAcceptEveryPlainPacket() {
        final SyntheticTraffic traffic = new SyntheticTraffic(3, 50);
        for (final SyntheticFrame kind : new SyntheticFrame[] {
            SyntheticFrame.UDP_IPV4, SyntheticFrame.TCP_IPV4, SyntheticFrame.ICMP_IPV4,
            SyntheticFrame.UDP_IPV6, SyntheticFrame.TCP_IPV6, SyntheticFrame.ICMP_IPV6}) {
            for (int frame = 0; frame < 1000; frame++) {
                final int length =
                    traffic.nextFrame(fixture.umem, fixture.nextOffset(), Umem.MAX_PACKET_LENGTH, kind);
                final String context = kind + " " + frame;
                assertTrue(agreesOn(length, frame % 2 == 0, context), context + " was not taken for plain");
            }
        }
    }

    @Test
    void shouldRefuseAHeaderOfZeros() {
        final SyntheticTraffic traffic = new SyntheticTraffic(3, 50);
        final int offset = fixture.nextOffset();
        final int length =
            traffic.nextFrame(fixture.umem, offset, Umem.MAX_PACKET_LENGTH, SyntheticFrame.UDP_IPV4);
        fixture.umem.putLong(offset, 0);
        assertFalse(agreesOn(length, false, "zeros"));
    }

    /** Parses the packet at the fixture's next offset both ways. */
    private boolean agreesOn(final int length, final boolean fromUplink, final String context) {
        final PacketBurst burst = fixture.burst;
        final int row = add(length, fromUplink);
        final String before = columns(burst, row);
        final String expectedWhenRefused = refused(before, row, fromUplink);
        final boolean accepted = plain.parse(burst, fixture.umem.addressOffset(), row);
        final String plainColumns = columns(burst, row);
        burst.clear();
        add(length, fromUplink);
        general.parse(burst, fixture.umem, row);
        if (accepted) {
            assertEquals(Verdict.UNDECIDED, burst.verdict(row), () -> context + ": " + fixture.outcomeOf(row));
            assertEquals(columns(burst, row), plainColumns, context);
        } else {
            assertEquals(expectedWhenRefused, plainColumns, context + ": refused, yet changed");
        }
        burst.clear();
        return accepted;
    }

    /** Nothing is changed but the interface, which a punt header in order says. */
    private String refused(final String before, final int row, final boolean fromUplink) {
        final long punt = fromUplink ? 0 : PuntHeader.word(fixture.umem, fixture.burst.offset(row));
        return fixture.burst.length(row) < IPV4_MIN_LENGTH || !PuntHeader.isValid(punt) ? before
            : before.replaceFirst(" ifindex \\d+", " ifindex " + PuntHeader.ifindex(punt));
    }

    private int add(final int length, final boolean fromUplink) {
        final int row = fixture.add(length);
        if (fromUplink) {
            fixture.burst.direction(row, Direction.FROM_UPLINK);
            fixture.burst.ingressIfindex(row, UPLINK_IFINDEX);
        }
        return row;
    }

    private static String columns(final PacketBurst burst, final int row) {
        return "length " + burst.length(row) + " direction " + burst.direction(row) + " ifindex "
            + burst.ingressIfindex(row) + " ether " + burst.etherType(row) + " version " + burst.ipVersion(row)
            + " l3 " + burst.l3Offset(row) + " l4 " + burst.l4Offset(row) + " protocol " + burst.ipProtocol(row)
            + " ports " + burst.sourcePort(row) + " " + burst.destinationPort(row) + " flags " + burst.flags(row)
            + " hash " + burst.flowHash(row) + " verdict " + burst.verdict(row);
    }
}
