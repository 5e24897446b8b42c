package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A named sequence of packets out of {@code sequences.txt}, whose head explains the notation. */
record PacketSequence(String name, List<Step> steps) {
    private static final int CLIENT = 0x0a000001;
    private static final int SERVER = 0x0a000002;
    private static final int ROUTER = 0x0a000003;

    /** A packet, or a pause. */
    record Step(String notation, byte[] packet, int pauseMs) {
    }

    static List<PacketSequence> all() throws IOException {
        final List<PacketSequence> sequences = new ArrayList<>();
        try (InputStream in = PacketSequence.class.getResourceAsStream("sequences.txt")) {
            final String text = new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)^#.*\n", "");
            for (final String paragraph : text.strip().split("\n\n+")) {
                final List<String> lines = paragraph.strip().lines().toList();
                final List<Step> steps = new ArrayList<>();
                for (final String line : lines.subList(1, lines.size())) {
                    steps.add(step(line, steps));
                }
                sequences.add(new PacketSequence(lines.getFirst(), steps));
            }
        }
        return sequences;
    }

    private static Step step(final String line, final List<Step> earlier) {
        final boolean ipv6 = line.startsWith("6");
        final List<String> words = List.of(line.substring(ipv6 ? 1 : 0).split("\\s+"));
        if (words.getFirst().equals("pause")) {
            return new Step(line, new byte[0], Integer.parseInt(words.get(1)));
        }
        final boolean fromClient = words.getFirst().equals(">");
        final byte[] packet = switch (words.get(1)) {
            case "udp" -> ip(ipv6, fromClient, IpProtocol.UDP, udp(fromClient, words));
            case "icmp" -> ip(ipv6, fromClient, ipv6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP,
                IpPackets.icmp(number(words, 2), number(words, 3), number(words, 4)));
            case "sctp" -> ip(ipv6, fromClient, IpProtocol.SCTP, IpPackets.sctp(
                fromClient ? new int[] {1000, 80} : new int[] {80, 1000}, number(words, 3), number(words, 2),
                number(words, 4), number(words, 5)));
            case "proto" -> ip(ipv6, fromClient, number(words, 2), new byte[16]);
            case "error", "error-about-other-port" -> error(ipv6, words, earlier.get(number(words, 5) - 1).packet());
            default -> tcp(ipv6, fromClient, line.substring(ipv6 ? 1 : 0));
        };
        return new Step(line, packet, 0);
    }

    private static int number(final List<String> words, final int index) {
        return Integer.parseInt(words.get(index));
    }

    private static byte[] udp(final boolean fromClient, final List<String> words) {
        final int clientPort = words.size() > 2 ? number(words, 2) : 1000;
        return fromClient ? IpPackets.udp(clientPort, 53, 4) : IpPackets.udp(53, clientPort, 4);
    }

    private static byte[] tcp(final boolean ipv6, final boolean fromClient, final String notation) {
        final byte[] packet = TcpScript.packet(notation);
        return ipv6 ? ip(true, fromClient, IpProtocol.TCP, Arrays.copyOfRange(packet, 20, packet.length)) : packet;
    }

    private static byte[] ip(final boolean ipv6, final boolean fromClient, final int protocol, final byte[] payload) {
        final int source = fromClient ? CLIENT : SERVER;
        final int destination = fromClient ? SERVER : CLIENT;
        return ipv6 ? IpPackets.ipv6(protocol, source & 0xff, destination & 0xff, payload)
            : IpPackets.ipv4(protocol, source, destination, payload);
    }

    private static byte[] error(final boolean ipv6, final List<String> words, final byte[] quotedPacket) {
        final byte[] quoted = quotedPacket.clone();
        if (words.get(1).equals("error-about-other-port")) {
            quoted[ipv6 ? 41 : 21]++;
        }
        final byte[] error = IpPackets.icmpError(number(words, 2), number(words, 3), quoted);
        final int destination = quoted[ipv6 ? 23 : 15];
        return ipv6 ? IpPackets.ipv6(IpProtocol.ICMPV6, ROUTER & 0xff, destination, error)
            : IpPackets.ipv4(IpProtocol.ICMP, ROUTER, 0x0a000000 | destination, error);
    }
}
