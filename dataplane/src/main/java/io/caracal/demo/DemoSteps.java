package io.caracal.demo;

import java.util.List;
import java.util.stream.Stream;

/** The demo's steps, in their order. */
final class DemoSteps {
    private DemoSteps() {
    }

    static List<DemoStep> all() {
        return Stream.of(onTheNode(), beyondTheNode(), measurements()).flatMap(List::stream).toList();
    }

    private static List<DemoStep> onTheNode() {
        return List.of(
            new DemoStep("ping-ipv4", "ping, pod to pod",
                "Java answers the pod's ARP for 169.254.1.1; then each packet goes veth → eBPF → AF_XDP → Java → veth",
                2 * Reachability.PINGS, Reachability::pingIpv4),
            new DemoStep("ping-ipv6", "ping, pod to pod, IPv6",
                "the gateway fe80::ecee:eeff:feee:eeee is found by neighbour discovery, which Java answers too",
                2 * Reachability.PINGS, Reachability::pingIpv6),
            new DemoStep("ping-all", "ping, every pod to every other",
                "one AF_XDP socket serves all pods: the interface travels in the packet's destination MAC",
                4, Reachability::pingAll),
            new DemoStep("web-page", "a web page from another pod",
                "curl, TCP: the SYN goes through Java, the rest by the flow cache; the pods' offloads stay on",
                8, WebPages::fromPod),
            new DemoStep("pod-to-host", "pod to its own node",
                "Java hands the packets to the node's stack, as if they had come from the pod's interface",
                8, WebPages::fromHost),
            new DemoStep("host-to-pod", "node to pod, as kubelet probes",
                "the node's own packets are caught where they leave for the pod, so Java sees both directions",
                8, WebPages::probe),
            new DemoStep("guard", "a pod that nobody announced",
                "an nftables guard drops what comes from an interface without programs: fail closed",
                0, Strangers::isKeptOut),
            new DemoStep("announce", "… and once it is announced",
                "a WorkloadEndpoint appeared among the manifests: programs attached, interface armed",
                2, Strangers::isLetInOnceAnnounced),
            new DemoStep("policy", "a policy: frontend may, batch may not",
                "demo/manifests/allow-frontend-to-api.yaml, a classifier in Java; caracal explain names the rule",
                4, PolicySteps::allowFrontendToApi),
            new DemoStep("tcp", "TCP, one stream",
                "Java decides on the SYN and writes the flow cache; GSO packets then pass whole, veth → eBPF → veth",
                1000, TcpThroughput::measure));
    }

    private static List<DemoStep> beyondTheNode() {
        return List.of(
            new DemoStep("overlay-ping", "ping, a pod of a kernel node",
                "a second node has nothing but the kernel's VXLAN: Java wraps, its kernel unwraps, and back",
                6 * Reachability.PINGS, OverlaySteps::ping),
            new DemoStep("overlay-first-hop", "… the first line of a traceroute",
                "Java is a hop: it takes one from the TTL and tells the sender by ICMP",
                1, OverlaySteps::firstHop),
            new DemoStep("overlay-path-mtu", "… a packet too big for the tunnel",
                "Java says which size fits beside the tunnel's headers, from an address that the pod accepts",
                2, OverlaySteps::pathMtu),
            new DemoStep("overlay-fragments", "… a datagram larger than a packet",
                "fragments follow their first one through Java without being put together",
                4, OverlaySteps::fragments),
            new DemoStep("overlay-tcp", "… TCP, one stream",
                "the first packet by Java, the others by the flow cache and the kernel's VXLAN device",
                1000, OverlaySteps::tcp),
            new DemoStep("two-engines", "ping, a pod of another Caracal node",
                "Java wraps here and unwraps there: the same VXLAN as between kernels",
                6 * Reachability.PINGS, OverlaySteps::pingPeer),
            new DemoStep("jumbo", "… large packets, link of 9000 bytes",
                "the other engine's: several descriptors of AF_XDP are one packet in Java, wrapped and cut again",
                0, OverlaySteps::jumbo),
            new DemoStep("outside", "pod to a machine outside",
                "NAT-outgoing in Java; XDP takes the answers by exact binding, the node keeps all other packets",
                3, OverlaySteps::outside),
            new DemoStep("service", "a service, by the node's own NAT",
                "the node's stack chooses the pod; tc egress gives the packet back, answers go the same way",
                10, OverlaySteps::service));
    }

    private static List<DemoStep> measurements() {
        return List.of(
            new DemoStep("latency", "request and response over UDP",
                "a request waits for its answer before the next: the first is Java's, the others the flow cache's",
                1000, RequestResponse::measure),
            new DemoStep("checksums", "the pods are unmodified",
                "offloads as the kernel made them, and no TCP checksum error in either pod",
                0, PodHealth::check));
    }
}
