package io.caracal.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The VXLAN overlay between nodes of a lab, both families: what a cluster's datastore says about it, and the same set
 * up by hand on a node that has nothing but the kernel. Stateless; any thread.
 *
 * <p>Each node's tunnel address is the first of its pods' range, its VTEP's MAC address 66:00:00:00:04:NN for IPv4 and
 * 66:00:00:00:06:NN for IPv6.</p>
 */
public final class LabOverlay {
    /** Calico's network identifier. */
    public static final int VNI = 4096;
    /** IANA's port of VXLAN. */
    public static final int PORT = 4789;

    private static final int OVERHEAD_IPV4 = 50;
    private static final int OVERHEAD_IPV6 = 70;

    private LabOverlay() {
    }

    /**
     * Writes pools and nodes among an engine's manifests, in one step.
     *
     * @param engineNode whose manifests.
     * @param nodes of the cluster, that one among them.
     */
    public static void announce(final LabNode engineNode, final List<LabNode> nodes) {
        final StringBuilder yaml = new StringBuilder("""
            apiVersion: projectcalico.org/v3
            kind: IPPool
            metadata: {name: ipv4}
            spec: {cidr: 10.64.0.0/12, vxlanMode: Always, natOutgoing: true}
            ---
            apiVersion: projectcalico.org/v3
            kind: IPPool
            metadata: {name: ipv6}
            spec: {cidr: "fd00:10:64::/46", vxlanMode: Always, natOutgoing: true}
            """);
        nodes.forEach(node -> yaml.append("""
            ---
            apiVersion: projectcalico.org/v3
            kind: Node
            metadata: {name: %s}
            spec:
              bgp: {ipv4Address: %s/24, ipv6Address: "%s/64"}
              ipv4VXLANTunnelAddr: %s
              ipv6VXLANTunnelAddr: "%s"
              vxlanTunnelMACAddr: "%s"
              vxlanTunnelMACAddrV6: "%s"
            """.formatted(node.name(), node.ipv4(), node.ipv6(), node.addresses().tunnelIpv4(),
            node.addresses().tunnelIpv6(), vtepMac(node, 4), vtepMac(node, 6))));
        engineNode.writeManifest("overlay.yaml", yaml.toString());
    }

    private static String vtepMac(final LabNode node, final int version) {
        return "66:00:00:00:0%d:%02x".formatted(version, node.addresses().nodeNumber());
    }

    /**
     * Sets the overlay up on a node without an engine, as an administrator would: {@code ip link add … type vxlan},
     * routes, neighbours, forwarding entries.
     *
     * @param node     the one without an engine.
     * @param others   the nodes that its pods shall reach.
     * @throws IllegalStateException with what iproute2 said when it refused something.
     */
    public static void joinByKernel(final LabNode node, final List<LabNode> others) {
        final StringBuilder ip = new StringBuilder();
        final StringBuilder bridge = new StringBuilder();
        addDevice(ip, "vxlan.calico", node.ipv4(), node.addresses().tunnelIpv4() + "/32", vtepMac(node, 4),
            node.linkMtu() - OVERHEAD_IPV4);
        addDevice(ip, "vxlan-v6.calico", node.ipv6(), node.addresses().tunnelIpv6() + "/128", vtepMac(node, 6),
            node.linkMtu() - OVERHEAD_IPV6);
        for (final LabNode other : others) {
            final LabAddresses addresses = other.addresses();
            addNode(ip, "vxlan.calico", addresses.podRangeIpv4(), addresses.tunnelIpv4(), vtepMac(other, 4));
            addNode(ip, "vxlan-v6.calico", addresses.podRangeIpv6(), addresses.tunnelIpv6(), vtepMac(other, 6));
            bridge.append("fdb add %s dev vxlan.calico dst %s%n".formatted(vtepMac(other, 4), other.ipv4()));
            bridge.append("fdb add %s dev vxlan-v6.calico dst %s%n".formatted(vtepMac(other, 6), other.ipv6()));
        }
        batch(node, "ip", ip);
        batch(node, "bridge", bridge);
    }

    private static void addDevice(final StringBuilder ip, final String device, final String local,
                                  final String tunnel, final String mac, final int mtu) {
        ip.append("link add %s type vxlan id %d dstport %d local %s dev eth0 nolearning%n"
            .formatted(device, VNI, PORT, local));
        ip.append("link set %s address %s mtu %d up%n".formatted(device, mac, mtu));
        ip.append("address add %s dev %s%n".formatted(tunnel, device));
    }

    private static void addNode(final StringBuilder ip, final String device, final String range, final String tunnel,
                                final String mac) {
        ip.append("route add %s via %s dev %s onlink%n".formatted(range, tunnel, device));
        ip.append("neighbour add %s lladdr %s dev %s nud permanent%n".formatted(tunnel, mac, device));
    }

    private static void batch(final LabNode node, final String program, final CharSequence lines) {
        try {
            final Process process = new ProcessBuilder(node.command(program, "-batch", "-"))
                .redirectErrorStream(true).start();
            try (OutputStream in = process.getOutputStream()) {
                in.write(lines.toString().getBytes(StandardCharsets.UTF_8));
            }
            final String said;
            try (InputStream output = process.getInputStream()) {
                said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            }
            if (process.waitFor() != 0) {
                throw new IllegalStateException(
                    "set the overlay up on " + node.name() + " by " + program + ": " + said);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("run " + program + " on " + node.name(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + program + " ran on " + node.name(), e);
        }
    }
}
