package io.caracal.perf.pods;

import java.util.List;

import io.caracal.perf.tool.NamespaceCommand;

/** The kernel's own forwarding between pods, with a filter or none. */
final class KernelPath {
    private KernelPath() {
    }

    private static PodNode pods(final PodSetting setting, final String who) {
        final PodNode pods = new PodNode(setting, who);
        pods.joinByKernel();
        return pods;
    }

    static PodPath layWithFelixRules(final PodSetting setting, final String who) throws InterruptedException {
        final PodNode pods = pods(setting, who);
        FelixRules.restore(pods, setting.layout().rules());
        pods.addService();
        return pods.path(who, List.of(), Carrier.KERNEL);
    }

    static PodPath layWithNftables(final PodSetting setting, final String who) throws InterruptedException {
        final PodNode pods = pods(setting, who);
        NamespaceCommand.run(pods.node().namespace().name(), List.of("nft", "-f", "-"),
            NftablesRules.of(pods, setting.layout().rules()));
        pods.addService();
        return pods.path(who, List.of(), Carrier.KERNEL);
    }

    static PodPath layWithoutRules(final PodSetting setting, final String who) throws InterruptedException {
        final PodNode pods = pods(setting, who);
        pods.addService();
        pods.masquerade();
        return pods.path(who, List.of(), Carrier.KERNEL);
    }
}
