package io.caracal.lab;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;

import io.caracal.bindings.NetNamespace;

/**
 * A pod of a {@link LabNode}: a network namespace with {@code eth0}. Any thread. Made by
 * {@link LabNode#addPod(String, String)}, closed by its node.
 */
public final class LabPod {
    /** The pod's gateway on every node: nobody has this address, whoever is at the host end answers for it. */
    public static final String GATEWAY_IPV4 = "169.254.1.1";
    /** The host end's link-local address, made of its MAC address (RFC 4291, appendix A). */
    public static final String GATEWAY_IPV6 = "fe80::ecee:eeff:feee:eeee";
    /** MAC address of every workload interface's host end. */
    public static final String HOST_END_MAC = "ee:ee:ee:ee:ee:ee";

    private static final String INTERFACE = "eth0";
    private static final int HASH_DIGITS = 11;

    private final LabNode node;
    private final String podNamespace;
    private final String name;
    private final String interfaceName;
    private final int number;
    private final NetNamespace namespace;
    private final String mac;

    private LabPod(final LabNode node, final String podNamespace, final String name, final int mtuBytes,
                   final int number) {
        this.node = node;
        this.podNamespace = podNamespace;
        this.name = name;
        this.number = number;
        this.interfaceName = interfaceName(podNamespace, name);
        this.namespace = NetNamespace.create(node.namespace().name() + '.' + podNamespace + '.' + name);
        try {
            node.namespace().run(() -> layOutHostEnd(mtuBytes));
            this.mac = namespace.call(this::layOutPodEnd);
        } catch (final RuntimeException e) {
            namespace.delete();
            namespace.close();
            throw e;
        }
    }

    static LabPod create(final LabNode node, final String podNamespace, final String name, final int mtuBytes,
                         final int number) {
        return new LabPod(node, podNamespace, name, mtuBytes, number);
    }

    /** What the CNI plugin sets on the host end; Felix, or the engine in its place, adds its own (calico.md 7). */
    private void layOutHostEnd(final int mtuBytes) {
        final LabLinks links = node.links();
        links.createPodVeth(interfaceName, INTERFACE, namespace, mtuBytes);
        Sysctl.set("ipv4/conf/" + interfaceName + "/proxy_arp", 1);
        Sysctl.set("ipv4/conf/" + interfaceName + "/forwarding", 1);
        Sysctl.set("ipv4/conf/" + interfaceName + "/route_localnet", 1);
        Sysctl.set("ipv4/neigh/" + interfaceName + "/proxy_delay", 0);
        Sysctl.set("ipv6/conf/" + interfaceName + "/proxy_ndp", 1);
        Sysctl.set("ipv6/conf/" + interfaceName + "/forwarding", 1);
        links.setUp(interfaceName);
        links.addLinkRoute(interfaceName, ipv4() + "/32");
        links.addLinkRoute(interfaceName, ipv6() + "/128");
    }

    /** @return the pod's MAC address, which the kernel has chosen. */
    private String layOutPodEnd() {
        try (LabLinks links = LabLinks.open()) {
            links.setUp("lo");
            /* As the plugin does: an address that waits a second for duplicates cannot be used at once. */
            Sysctl.set("ipv6/conf/" + INTERFACE + "/accept_dad", 0);
            links.setUp(INTERFACE);
            links.addAddress(INTERFACE, ipv4() + "/32");
            links.addAddress(INTERFACE, ipv6() + "/128");
            links.addLinkRoute(INTERFACE, GATEWAY_IPV4 + "/32");
            links.addRoute(INTERFACE, "0.0.0.0/0", GATEWAY_IPV4);
            links.addRoute(INTERFACE, "::/0", GATEWAY_IPV6);
            return links.mac(INTERFACE);
        }
    }

    /**
     * The host end's name as the CNI plugin makes it: the first 11 hexadecimal digits of a SHA-1 of both names
     * (libcalico-go/lib/backend/k8s/conversion, VethNameForWorkload).
     */
    static String interfaceName(final String podNamespace, final String name) {
        try {
            final byte[] hash = MessageDigest.getInstance("SHA-1")
                .digest((podNamespace + '.' + name).getBytes(StandardCharsets.UTF_8));
            return "cali" + HexFormat.of().formatHex(hash).substring(0, HASH_DIGITS);
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    /**
     * Its Kubernetes namespace.
     *
     * @return the name.
     */
    public String podNamespace() {
        return podNamespace;
    }

    /**
     * Its name.
     *
     * @return without the namespace.
     */
    public String name() {
        return name;
    }

    /**
     * The host end of its veth pair.
     *
     * @return {@code cali} and 11 hexadecimal digits.
     */
    public String interfaceName() {
        return interfaceName;
    }

    /**
     * Its address.
     *
     * @return dotted decimal.
     */
    public String ipv4() {
        return node.addresses().podIpv4(number);
    }

    /**
     * Its IPv6 address.
     *
     * @return text.
     */
    public String ipv6() {
        return node.addresses().podIpv6(number);
    }

    /**
     * The MAC address of its {@code eth0}.
     *
     * @return six hexadecimal bytes with colons.
     */
    public String mac() {
        return mac;
    }

    /**
     * Its network namespace.
     *
     * @return closed with the pod.
     */
    public NetNamespace namespace() {
        return namespace;
    }

    /**
     * Runs something on a thread of its own in the pod's network, as {@link NetNamespace#call}.
     *
     * @param body what to run.
     * @param <T>  type of its result.
     * @return its result.
     */
    public <T> T call(final Callable<T> body) {
        return namespace.call(body);
    }

    /**
     * A command as it runs in the pod's network. The process is killed when the thread that starts it ends.
     *
     * @param words program and arguments.
     * @return for a {@link ProcessBuilder}.
     */
    public List<String> command(final String... words) {
        return LabProcesses.commandIn(namespace.name(), List.of(words));
    }

    /**
     * Its WorkloadEndpoint, as the CNI plugin writes it to the datastore.
     *
     * @return Calico v3 YAML.
     */
    public String manifest() {
        return manifest(Map.of());
    }

    /**
     * The same with labels of the pod's own.
     *
     * @param labels values by name, plain words.
     * @return Calico v3 YAML.
     */
    public String manifest(final Map<String, String> labels) {
        final StringBuilder own = new StringBuilder();
        new TreeMap<>(labels).forEach((label, value) -> own.append("\n    ").append(label).append(": ").append(value));
        return """
            apiVersion: projectcalico.org/v3
            kind: WorkloadEndpoint
            metadata:
              name: %1$s-k8s-%2$s-eth0
              namespace: %3$s
              labels:
                projectcalico.org/namespace: %3$s
                projectcalico.org/orchestrator: k8s%10$s
            spec:
              orchestrator: k8s
              node: %4$s
              pod: %5$s
              endpoint: eth0
              interfaceName: %6$s
              mac: "%7$s"
              ipNetworks:
              - %8$s/32
              - "%9$s/128"
              profiles:
              - kns.%3$s
            """.formatted(dashesDoubled(node.name()), dashesDoubled(name), podNamespace, node.name(), name,
            interfaceName, mac, ipv4(), ipv6(), own);
    }

    /** Calico joins the parts of an endpoint's name by single dashes, so those inside a part are doubled. */
    private static String dashesDoubled(final String part) {
        return part.replace("-", "--");
    }

    /** Ends its processes and removes the veth pair and the namespace. */
    void remove() {
        LabProcesses.endAllIn(Set.of(namespace.name()));
        node.namespace().run(() -> node.links().delete(interfaceName));
        namespace.delete();
        closeNamespace();
    }

    void closeNamespace() {
        namespace.close();
    }

    @Override
    public String toString() {
        return podNamespace + '/' + name;
    }
}
