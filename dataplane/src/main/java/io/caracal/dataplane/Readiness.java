package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Whether the engine does everything that it was told, and if not, why not. The control thread updates, any thread
 * reads.
 */
final class Readiness {
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final boolean allowsUnenforced;
    private final EngineLog log;
    private volatile List<String> notEnforced = List.of();
    private volatile List<String> reasons = List.of("the control source has not said everything yet");

    /**
     * Not ready yet.
     *
     * @param allowsUnenforced whether policy that is not enforced is no reason.
     * @param log where each object is named whose policy is not enforced.
     */
    Readiness(final boolean allowsUnenforced, final EngineLog log) {
        this.allowsUnenforced = allowsUnenforced;
        this.log = log;
    }

    /**
     * How things stand after a batch of changes.
     *
     * @param inSync whether the control source has said everything once.
     * @param unenforced a sentence for each object whose policy is not enforced.
     * @param missing a sentence for each thing that the operator's settings want and that is not there.
     */
    void update(final boolean inSync, final List<String> unenforced, final List<String> missing) {
        if (!unenforced.equals(notEnforced)) {
            unenforced.stream().filter(each -> !notEnforced.contains(each)).forEach(log::warn);
            notEnforced = List.copyOf(unenforced);
        }
        final List<String> now = new ArrayList<>();
        if (!inSync) {
            now.add("the control source has not said everything yet");
        }
        if (!allowsUnenforced) {
            now.addAll(unenforced);
        }
        now.addAll(missing);
        reasons = List.copyOf(now);
        if (now.isEmpty()) {
            ready.complete(null);
        }
    }

    /** Objects whose policy is not enforced, whether or not that is a reason. */
    List<String> notEnforced() {
        return notEnforced;
    }

    /** Why the engine is not ready; empty when it is. */
    List<String> reasons() {
        return reasons;
    }

    /** Done when the engine is ready for the first time. */
    CompletableFuture<Void> firstTime() {
        return ready;
    }
}
