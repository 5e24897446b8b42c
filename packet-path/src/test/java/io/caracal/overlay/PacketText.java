package io.caracal.overlay;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.MacAddress;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes packets from text, byte by byte and with checksums of its own, so that nothing of what is tested is believed:
 * the slow, obvious other side of {@link PacketReader}.
 *
 * <pre>
 *  10.65.0.7&gt;10.65.1.5 udp 5000&gt;53 len=30 ttl=64 df
 *  fd00::7&gt;fd00::9 icmp6 128/0 id=7
 *  192.0.2.1&gt;10.65.0.7 icmp 3/3 about [10.65.0.7&gt;192.0.2.1 udp 5000&gt;53]
 *  vxlan 192.168.1.11&gt;192.168.1.10 vni=4096 mac=66:00:00:00:00:0a [10.65.1.5&gt;10.65.0.7 udp 53&gt;5000]
 * </pre>
 *
 * <p>Words: len= payload, ttl=, tos=, ipid=, df, mf, off= (units of 8), opt (options, extension header), partial
 * (checksum of the pseudo-header alone), nosum (UDP 0), badsum (transport), badip (IPv4 header), cut= (bytes cut from
 * the end).</p>
 */
final class PacketText {
    private final List<String> words;
    private final String inner;

    private PacketText(final List<String> words, final String inner) {
        this.words = words;
        this.inner = inner;
    }

    /** The bytes of an IP packet. */
    static byte[] write(final String text) {
        final int open = text.indexOf('[');
        final String outer = open < 0 ? text : text.substring(0, open);
        final String inner = open < 0 ? null : text.substring(open + 1, text.lastIndexOf(']'));
        final String after = open < 0 ? "" : text.substring(text.lastIndexOf(']') + 1);
        return new PacketText(List.of((outer + after).trim().split("\\s+")), inner).ip();
    }

    /** An Ethernet frame with the packet in it. */
    static byte[] frame(final long destination, final long source, final byte[] packet, final int... vlanTags) {
        final ByteBuffer frame = ByteBuffer.allocate(14 + 4 * vlanTags.length + packet.length);
        frame.putShort((short)(destination >>> 32)).putInt((int)destination);
        frame.putShort((short)(source >>> 32)).putInt((int)source);
        for (final int tag : vlanTags) {
            frame.putShort((short)0x8100).putShort((short)tag);
        }
        frame.putShort((short)((packet[0] & 0xF0) == 0x40 ? 0x0800 : 0x86DD)).put(packet);
        return frame.array();
    }

    private byte[] ip() {
        final boolean vxlan = words.contains("vxlan");
        final String[] ends = words.stream().filter(word -> word.contains(">") && isAddress(word)).findFirst()
            .orElseThrow().split(">");
        final boolean v6 = ends[0].contains(":");
        final byte[] source = address(ends[0]);
        final byte[] destination = address(ends[1]);
        final byte[] payload = vxlan ? vxlan() : transport();
        final int protocol = vxlan ? 17 : protocol();
        if (number("off", 0) == 0 && !words.contains("rest")) {
            complete(payload, source, destination, protocol);
        }
        final byte[] carried = cutOut(payload);
        final byte[] whole = v6 ? ipv6(source, destination, protocol, carried) : ipv4(source, destination, protocol, carried);
        return java.util.Arrays.copyOf(whole, whole.length - number("cut", 0));
    }

    /** With from= and to= a fragment carries these bytes of the payload. */
    private byte[] cutOut(final byte[] payload) {
        return java.util.Arrays.copyOfRange(payload, number("from", 0), number("to", payload.length));
    }

    private byte[] ipv4(final byte[] source, final byte[] destination, final int protocol, final byte[] payload) {
        final boolean options = words.contains("opt");
        final int headerLength = options ? 24 : 20;
        final ByteBuffer packet = ByteBuffer.allocate(headerLength + payload.length);
        final int flags = (words.contains("df") ? 0x4000 : 0) | (words.contains("mf") ? 0x2000 : 0) | number("off", 0);
        packet.put((byte)(0x40 | headerLength >> 2)).put((byte)number("tos", 0)).putShort((short)packet.capacity())
            .putShort((short)number("ipid", 0)).putShort((short)flags).put((byte)number("ttl", 64)).put((byte)protocol)
            .putShort((short)0).put(source).put(destination);
        if (options) {
            packet.putInt(0x01010100);
        }
        packet.put(payload);
        final int sum = checksum(java.util.Arrays.copyOf(packet.array(), headerLength));
        packet.putShort(10, (short)(words.contains("badip") ? sum + 1 : sum));
        return packet.array();
    }

    private byte[] ipv6(final byte[] source, final byte[] destination, final int protocol, final byte[] payload) {
        final boolean fragment = words.contains("mf") || number("off", 0) > 0 || words.contains("atomic");
        final ByteArrayOutputStream extensions = new ByteArrayOutputStream();
        final int afterOptions = fragment ? 44 : protocol;
        if (words.contains("opt")) {
            extensions.writeBytes(new byte[] {(byte)afterOptions, 0, 1, 4, 0, 0, 0, 0});
        }
        if (fragment) {
            extensions.writeBytes(ByteBuffer.allocate(8).put((byte)protocol).put((byte)0)
                .putShort((short)(number("off", 0) << 3 | (words.contains("mf") ? 1 : 0))).putInt(number("ipid", 0)).array());
        }
        final ByteBuffer packet = ByteBuffer.allocate(40 + extensions.size() + payload.length);
        packet.putInt(0x6000_0000 | number("tos", 0) << 20).putShort((short)(packet.capacity() - 40))
            .put((byte)(words.contains("opt") ? 60 : afterOptions)).put((byte)number("ttl", 64))
            .put(source).put(destination).put(extensions.toByteArray()).put(payload);
        return packet.array();
    }

    private int protocol() {
        for (final String word : words) {
            switch (word) {
                case "udp": return 17;
                case "tcp": return 6;
                case "icmp": return 1;
                case "icmp6": return 58;
                case "sctp": return 132;
                default: break;
            }
        }
        return number("proto", 0);
    }

    private byte[] transport() {
        final byte[] body = inner == null ? pattern(number("len", 0)) : write(inner);
        final int[] ports = ports();
        return switch (protocol()) {
            case 17 -> ByteBuffer.allocate(8 + body.length).putShort((short)ports[0]).putShort((short)ports[1])
                .putShort((short)(8 + body.length)).putShort((short)0).put(body).array();
            case 6 -> ByteBuffer.allocate(20 + body.length).putShort((short)ports[0]).putShort((short)ports[1])
                .putInt(1000).putInt(2000).putInt(0x5018_FFFF).putInt(0).put(body).array();
            case 132 -> ByteBuffer.allocate(12 + body.length).putShort((short)ports[0]).putShort((short)ports[1])
                .putInt(77).putInt(0xC0FFEE).put(body).array();
            case 1, 58 -> {
                final String[] type = after(words.contains("icmp") ? "icmp" : "icmp6").split("/");
                yield ByteBuffer.allocate(8 + body.length).put((byte)Integer.parseInt(type[0]))
                    .put((byte)Integer.parseInt(type[1])).putShort((short)0)
                    .putInt(inner == null ? number("id", 0) << 16 | 1 : number("mtu", 0)).put(body).array();
            }
            default -> body;
        };
    }

    private byte[] vxlan() {
        final byte[] innerPacket = write(inner);
        final long mac = MacAddress.parse(text("mac", "66:00:00:00:00:0a"));
        final byte[] frame = frame(mac, 0x6600_0000_000BL, innerPacket);
        final int length = 16 + frame.length - number("short", 0);
        return ByteBuffer.allocate(16 + frame.length).putShort((short)number("sport", 50_000))
            .putShort((short)number("port", 4789)).putShort((short)length).putShort((short)0)
            .putInt(words.contains("novni") ? 0 : 0x0800_0000).putInt(number("vni", 4096) << 8).put(frame).array();
    }

    private void complete(final byte[] payload, final byte[] source, final byte[] destination, final int protocol) {
        final int field = switch (protocol) {
            case 17 -> 6;
            case 6 -> 16;
            case 1, 58 -> 2;
            default -> -1;
        };
        if (field < 0 || words.contains("nosum")) {
            return;
        }
        final ByteBuffer summed = ByteBuffer.allocate(40 + payload.length);
        if (protocol != 1) {
            summed.put(source).put(destination).putInt(payload.length).putInt(protocol);
        }
        if (!words.contains("partial")) {
            summed.put(payload);
        }
        int sum = checksum(java.util.Arrays.copyOf(summed.array(), summed.position()));
        if (words.contains("partial")) {
            sum = ~sum & 0xFFFF;
        } else if (sum == 0 && protocol == 17) {
            sum = 0xFFFF;
        }
        ByteBuffer.wrap(payload).putShort(field, (short)(words.contains("badsum") ? sum ^ 0x1234 : sum));
    }

    /** RFC 1071, word by word. */
    static int checksum(final byte[] bytes) {
        long sum = 0;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | (i + 1 < bytes.length ? bytes[i + 1] & 0xFF : 0);
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int)~sum & 0xFFFF;
    }

    static byte[] address(final String text) {
        if (text.contains(":")) {
            final Ipv6Text address = Ipv6Text.parse(text);
            return ByteBuffer.allocate(16).putLong(address.high()).putLong(address.low()).array();
        }
        return ByteBuffer.allocate(4).putInt(Ipv4Address.parse(text)).array();
    }

    private static byte[] pattern(final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte)(i * 7 + 3);
        }
        return bytes;
    }

    private static boolean isAddress(final String word) {
        return word.contains(".") || word.contains(":");
    }

    private int[] ports() {
        final String word = words.stream().filter(each -> each.contains(">") && !isAddress(each)).findFirst().orElse("0>0");
        final String[] ends = word.split(">");
        return new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[1])};
    }

    private String after(final String word) {
        return words.get(words.indexOf(word) + 1);
    }

    private int number(final String key, final int otherwise) {
        return Integer.decode(text(key, Integer.toString(otherwise)));
    }

    private String text(final String key, final String otherwise) {
        return new ArrayList<>(words).stream().filter(word -> word.startsWith(key + "=")).findFirst()
            .map(word -> word.substring(key.length() + 1)).orElse(otherwise);
    }
}
