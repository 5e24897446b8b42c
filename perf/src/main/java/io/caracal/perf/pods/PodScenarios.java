package io.caracal.perf.pods;

import java.util.List;

import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;

/** The scenarios of traffic between two pods. */
public final class PodScenarios {
    private static final List<PodPeer> SAME_NODE = List.of(PodPeer.CARACAL, PodPeer.FELIX_RULES, PodPeer.NFTABLES,
        PodPeer.BARE_VETH, PodPeer.REDIRECT_PEER);
    private static final List<PodPeer> MANY_RULES = List.of(PodPeer.CARACAL, PodPeer.IPTABLES, PodPeer.NFTABLES);
    private static final List<PodPeer> SERVICE = List.of(PodPeer.CARACAL, PodPeer.FELIX_RULES);
    private static final List<PodPeer> OTHER_NODE =
        List.of(PodPeer.CARACAL, PodPeer.FELIX_RULES, PodPeer.KERNEL);
    private static final int FLOWS = 100;
    private static final long PACED_GIGABITS = 1;
    private static final long BYTES_PER_GIGABIT = 125_000_000;
    private static final int PACED_PPS = 50_000;

    private PodScenarios() {
    }

    /**
     * TCP as fast as it goes, pod to pod on a node.
     *
     * @param streams how many at once.
     * @return the scenario {@code tcp-N}.
     */
    public static Scenario tcp(final int streams) {
        final String name = "tcp-" + streams;
        return one(name, streams + " TCP stream(s) pod to pod on a node, MTU 1500, the demo's policy on",
            new PodPart(name, PodSetting.Layout.SAME_NODE, PodLoad.streams(streams), SAME_NODE,
                List.of(PodPart.atLeast(name, PodPeer.BARE_VETH, 0.97),
                    PodPart.atLeast(name, PodPeer.FELIX_RULES, 1.15))));
    }

    /**
     * One TCP stream every packet of which goes through Java.
     *
     * @return the scenario {@code tcp-1-java}.
     */
    public static Scenario tcpByJava() {
        final String name = "tcp-1-java";
        return one(name, "one TCP stream pod to pod on a node, MTU 1500, no flow offloaded",
            new PodPart(name, PodSetting.Layout.SAME_NODE, PodLoad.streams(1),
                List.of(PodPeer.CARACAL_JAVA, PodPeer.C_TWIN, PodPeer.OVS),
                List.of(PodPart.atLeast(name, PodPeer.OVS, 1.5), PodPart.atLeast(name, PodPeer.C_TWIN, 0.9))));
    }

    /**
     * UDP as fast as it goes, pod to pod on a node.
     *
     * @param frameLength bytes on the wire, Ethernet header included.
     * @return the scenario {@code udp-N}.
     */
    public static Scenario udp(final int frameLength) {
        final String name = "udp-" + frameLength;
        return new PodScenario(name, "UDP frames of " + frameLength + " bytes pod to pod on a node, 1 flow and "
            + FLOWS + " flows", List.of(udp(name, frameLength, 1), udp(name + "-100-flows", frameLength, FLOWS)));
    }

    private static PodPart udp(final String figure, final int frameLength, final int flows) {
        return new PodPart(figure, PodSetting.Layout.SAME_NODE, PodLoad.datagrams(frameLength, flows), SAME_NODE,
            List.of(PodPart.atLeast(figure, PodPeer.FELIX_RULES, 2),
                PodPart.atLeast(figure, PodPeer.REDIRECT_PEER, 0.9)));
    }

    /**
     * Connect, request, answer, close, pod to pod on a node.
     *
     * @param parallel how many clients at once.
     * @return the scenario {@code crr-N}.
     */
    public static Scenario connections(final int parallel) {
        final String name = "crr-" + parallel;
        return one(name, "TCP connect, request, answer, close, pod to pod on a node, " + parallel + " at a time",
            new PodPart(name, PodSetting.Layout.SAME_NODE, PodLoad.connections(parallel), SAME_NODE,
                List.of(PodPart.atLeast(name, PodPeer.FELIX_RULES, 1.3))));
    }

    /**
     * The same under a policy of many rules, the last of which lets the client in.
     *
     * @param name of the scenario.
     * @param rules how many.
     * @return the scenario {@code crr-N-rules}.
     */
    public static Scenario rules(final String name, final int rules) {
        return one(name, "TCP connect, request, answer, close under a policy of " + rules + " rules",
            new PodPart(name, PodSetting.Layout.ofRules(rules), PodLoad.connections(1), MANY_RULES,
                List.of(PodPart.atLeast(name, PodPeer.IPTABLES, 5))));
    }

    /**
     * Request and answer on one connection.
     *
     * @return the scenario {@code tcp-rr}.
     */
    public static Scenario requests() {
        return one("tcp-rr", "TCP request and answer of 64 bytes on one connection, pod to pod on a node",
            new PodPart("tcp-rr", PodSetting.Layout.SAME_NODE, PodLoad.requests(), SAME_NODE,
                List.of(PodPart.atLeast("tcp-rr", PodPeer.FELIX_RULES, 1.2))));
    }

    /**
     * Through a service address that the kernel translates, to a backend on the node and on another.
     *
     * @param isStream whether it is one TCP stream; else connect, request, answer, close.
     * @return the scenario {@code service-tcp} or {@code service-crr}.
     */
    public static Scenario service(final boolean isStream) {
        final String name = isStream ? "service-tcp" : "service-crr";
        final PodLoad load = isStream ? PodLoad.streams(1) : PodLoad.connections(1);
        return new PodScenario(name, (isStream ? "one TCP stream" : "TCP connect, request, answer, close")
            + " to a service's address with kube-proxy's DNAT, backend on the node and on another",
            List.of(service(name, load, false), service(name + "-remote", load, true)));
    }

    private static PodPart service(final String figure, final PodLoad load, final boolean isRemote) {
        return new PodPart(figure, PodSetting.Layout.ofService(isRemote), load, SERVICE,
            List.of(PodPart.atLeast(figure, PodPeer.FELIX_RULES, 1)));
    }

    /**
     * TCP over VXLAN to a node that has nothing but the kernel.
     *
     * @param streams how many at once.
     * @return the scenario {@code vxlan-tcp-N}.
     */
    public static Scenario vxlan(final int streams) {
        final String name = "vxlan-tcp-" + streams;
        return one(name, streams + " TCP stream(s) pod to pod over VXLAN to a kernel node, MTU 1450 in 1500",
            new PodPart(name, PodSetting.Layout.OTHER_NODE, PodLoad.streams(streams), OTHER_NODE,
                List.of(PodPart.atLeast(name, PodPeer.FELIX_RULES, 1.1),
                    PodPart.atLeast(name, PodPeer.KERNEL, 0.97))));
    }

    /**
     * TCP to somebody who is not in the cluster and sees the node's address.
     *
     * @return the scenario {@code nat-tcp-1}.
     */
    public static Scenario natOutgoing() {
        final String name = "nat-tcp-1";
        return one(name, "one TCP stream from a pod to the outside by NAT-outgoing, MTU 1500",
            new PodPart(name, PodSetting.Layout.OUTSIDE, PodLoad.streams(1), OTHER_NODE,
                List.of(PodPart.atLeast(name, PodPeer.FELIX_RULES, 1.1), PodPart.atLeast(name, PodPeer.KERNEL, 0.97))));
    }

    /**
     * Over VXLAN to such a node, every packet by Java, beside the same in C and in the kernel.
     *
     * @return the scenario {@code vxlan}.
     */
    public static Scenario vxlanByJava() {
        return new PodScenario("vxlan", "64-byte UDP and one TCP stream pod to pod over VXLAN to a kernel node, MTU"
            + " 1450 in 1500, no flow offloaded: the Java path, a C program in its place, the kernel",
            List.of(vxlanByJava("vxlan-udp-64", PodLoad.datagrams(64, 1)),
                vxlanByJava("vxlan-tcp-1", PodLoad.streams(1))));
    }

    private static PodPart vxlanByJava(final String figure, final PodLoad load) {
        final Bar bar = PodPart.atLeast(figure, PodPeer.C_TWIN, 0.95);
        return new PodPart(figure, PodSetting.Layout.OTHER_NODE, load,
            List.of(PodPeer.CARACAL_JAVA, PodPeer.C_TWIN, PodPeer.KERNEL), List.of(bar, bar.atLowEnd(0.85)));
    }

    /**
     * What a gigabit and a million packets cost, at a rate that everybody reaches.
     *
     * @return the scenario {@code cpu}.
     */
    public static Scenario cpu() {
        return new PodScenario("cpu", "time of all processors for one TCP stream of " + PACED_GIGABITS
            + " Gbit/s and for " + PACED_PPS + " 64-byte UDP packets a second (idle: see the scenario idle)",
            List.of(new PodPart("cpu-tcp", PodSetting.Layout.SAME_NODE,
                    PodLoad.pacedStream(PACED_GIGABITS * BYTES_PER_GIGABIT), SAME_NODE, List.of()),
                new PodPart("cpu-udp-64", PodSetting.Layout.SAME_NODE, PodLoad.pacedDatagrams(PACED_PPS), SAME_NODE,
                    List.of())));
    }

    private static Scenario one(final String name, final String sentence, final PodPart part) {
        return new PodScenario(name, sentence, List.of(part));
    }
}
