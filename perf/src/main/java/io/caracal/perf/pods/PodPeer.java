package io.caracal.perf.pods;

import java.io.IOException;
import java.util.List;
import java.util.Map;

import io.caracal.perf.tool.NamespaceCommand;

/** Who can carry packets between two pods. */
enum PodPeer {
    /** The engine as it is by default. */
    CARACAL("caracal", Map.of(), CaracalPath::lay),
    /** The engine with every packet through Java. */
    CARACAL_JAVA("caracal", Map.of(),
        (setting, who) -> CaracalPath.lay(setting, who, CaracalPath.EVERY_PACKET_BY_JAVA)),
    /** A C program in the engine's place, with the same loop. */
    C_TWIN("c-twin", Map.of(), TwinPath::lay),
    /** The rules that a real Felix wrote. */
    FELIX_RULES("felix-rules", Packages.IPTABLES, KernelPath::layWithFelixRules),
    /** The same rules where their number is what is measured: a Felix's chains, lengthened. */
    IPTABLES("iptables", Packages.IPTABLES, KernelPath::layWithFelixRules),
    /** The same policy in nftables. */
    NFTABLES("nftables", Map.of("nft", "nftables"), KernelPath::layWithNftables),
    /** The kernel without any rule. */
    KERNEL("kernel", Map.of(), KernelPath::layWithoutRules),
    /** One wire. */
    BARE_VETH("bare-veth", Map.of(), BareVethPath::lay),
    /** Open vSwitch with AF_XDP and its own conntrack. */
    OVS("ovs", OvsPath.PACKAGES, OvsPath::lay),
    /** A program that does nothing but redirect. */
    REDIRECT_PEER("redirect-peer", Map.of("clang", "clang", "tc", "iproute2"), RedirectPath::lay);

    private final String who;
    private final Map<String, String> packageOf;
    private final Layer layer;

    PodPeer(final String who, final Map<String, String> packageOf, final Layer layer) {
        this.who = who;
        this.packageOf = packageOf;
        this.layer = layer;
    }

    /** Debian's packages by the programs that several need. */
    private interface Packages {
        Map<String, String> IPTABLES = Map.of("iptables-legacy-restore", "iptables", "ipset", "ipset");
    }

    /** Lays a path. */
    private interface Layer {
        PodPath lay(PodSetting setting, String who) throws IOException, InterruptedException;
    }

    /** As in the rows. */
    String who() {
        return who;
    }

    /** Debian's packages that are missing for it. */
    List<String> missing() {
        return NamespaceCommand.missingPackages(packageOf);
    }

    /** Makes the pods and whoever carries their packets; the caller closes the path before the lab. */
    PodPath lay(final PodSetting setting) throws IOException, InterruptedException {
        return layer.lay(setting, who);
    }
}
