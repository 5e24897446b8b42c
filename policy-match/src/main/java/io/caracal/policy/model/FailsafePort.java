package io.caracal.policy.model;

/**
 * A port of the host that no policy of a host endpoint may close.
 *
 * @param protocol IP protocol number.
 * @param net remote addresses that it holds for; null for all.
 * @param port the port.
 */
public record FailsafePort(int protocol, Prefix net, int port) {
    /**
     * Reads Felix's notation.
     *
     * @param text {@code 22}, {@code tcp:22} or {@code tcp:10.0.0.0/8:22} ({@code tcp:[fd00::/8]:22} for IPv6).
     * @return the port; without a protocol it is TCP.
     * @throws PolicyException if it is none of these.
     */
    public static FailsafePort parse(final String text) {
        final int first = text.indexOf(':');
        final int last = text.lastIndexOf(':');
        try {
            final int port = Integer.parseInt(text.substring(last + 1));
            final int protocol = first < 0 ? IpProtocol.TCP : IpProtocol.parse(text.substring(0, first));
            final String net = first == last ? "" : text.substring(first + 1, last).replace("[", "").replace("]", "");
            new PortRange(port, port);
            return new FailsafePort(protocol, net.isEmpty() ? null : Prefix.parse(net), port);
        } catch (final NumberFormatException e) {
            throw new PolicyException("failsafe port " + text, "is none of port, protocol:port, protocol:net:port");
        }
    }

    @Override
    public String toString() {
        return IpProtocol.name(protocol) + ":" + (net == null ? "" : net + ":") + port;
    }
}
