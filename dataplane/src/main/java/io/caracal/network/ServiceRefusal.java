package io.caracal.network;

import io.caracal.policy.model.Prefix;
import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Which services' packets the host's stack shall not forward untranslated (ServiceLoopPrevention): tells whoever
 * refuses them, when that changes. Control thread only.
 */
final class ServiceRefusal {
    private BiConsumer<Collection<Prefix>, Boolean> refusing = (cidrs, isTold) -> { };
    private Refused refused = new Refused(List.of(), false);

    /** Services' addresses, and whether senders are told. */
    private record Refused(List<Prefix> cidrs, boolean isTold) {
    }

    /** Who refuses: takes the services' addresses, none to refuse nothing, and whether senders are told. */
    void by(final BiConsumer<Collection<Prefix>, Boolean> who) {
        refusing = who;
    }

    /** Has what is refused follow the cluster's services and settings. */
    void follow(final ClusterNetwork cluster) {
        final ServiceLoops wanted = cluster.settings().host().serviceLoops();
        final Refused now = new Refused(
            wanted == ServiceLoops.DISABLED ? List.of() : cluster.serviceCidrs(), wanted == ServiceLoops.REJECT);
        if (!now.equals(refused)) {
            refusing.accept(now.cidrs(), now.isTold());
            refused = now;
        }
    }
}
