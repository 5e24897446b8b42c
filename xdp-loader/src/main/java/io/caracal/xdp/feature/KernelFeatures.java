package io.caracal.xdp.feature;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import io.caracal.xdp.VerifierException;
import io.caracal.xdp.feature.FeatureFinding.Presence;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * What the running kernel can do, found by trying each {@link KernelFeature}, never by its version. Probing leaves
 * nothing behind and touches no traffic: interfaces are made in a network namespace that has no name and ends with the
 * thread that tried; maps, programs and sockets are closed at once. Any thread may ask; it takes some tenths of a
 * second.
 *
 * <p>CAP_SYS_ADMIN (namespace), CAP_BPF and CAP_NET_ADMIN; what cannot be tried without them is UNKNOWN.
 */
public final class KernelFeatures {
    private KernelFeatures() {
    }

    /**
     * Tries all features.
     *
     * @return a finding for each, in the order of {@link KernelFeature}.
     */
    public static List<FeatureFinding> probe() {
        return inNamelessNamespace(() -> {
            final List<FeatureFinding> findings = new ArrayList<>();
            for (final KernelFeature feature : KernelFeature.values()) {
                findings.add(find(feature));
            }
            return List.copyOf(findings);
        });
    }

    /**
     * Tries one feature.
     *
     * @param feature to be tried.
     * @return what the kernel said.
     */
    public static FeatureFinding probe(final KernelFeature feature) {
        return inNamelessNamespace(() -> find(feature));
    }

    /** A thread of its own, since a namespace is entered by a thread and this one must never be used again. */
    private static <T> T inNamelessNamespace(final Supplier<T> body) {
        final CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().name("caracal-probe").start(() -> {
            try {
                final CallState state = new CallState();
                // Without the capability the probes run where we are, and the first interface they want is refused.
                if (LibC.unshare(state, Posix.CLONE_NEWNET) < 0 && state.errno() != Errno.EPERM) {
                    throw state.failure("make a network namespace for", "kernel probes");
                }
                result.complete(body.get());
            } catch (final Throwable thrown) {
                result.completeExceptionally(thrown);
            }
        });
        return result.join();
    }

    private static FeatureFinding find(final KernelFeature feature) {
        try {
            attempt(feature);
            return new FeatureFinding(feature, Presence.PRESENT, "");
        } catch (final NativeCallException e) {
            // The verifier says EACCES too; programs without a log go through here, and theirs is about the program.
            final Presence presence = e.errno() == Errno.EPERM ? Presence.UNKNOWN : Presence.ABSENT;
            return new FeatureFinding(feature, presence, e.getMessage());
        } catch (final VerifierException e) {
            return new FeatureFinding(feature, Presence.ABSENT, e.getMessage());
        }
    }

    /** Returns when the feature works, throws what the kernel said when not. */
    private static void attempt(final KernelFeature feature) {
        switch (feature) {
            case BTF -> BpfProbes.loadBtf();
            case SPIN_LOCK -> BpfProbes.lockInMap();
            case SKC_LOOKUP_TCP -> BpfProbes.lookUpSocket();
            case XSKMAP_LOOKUP -> BpfProbes.lookUpInXskMap();
            case REDIRECT_PEER -> BpfProbes.redirectToPeer();
            case CHECK_MTU -> BpfProbes.checkMtu();
            case PROGRAMS -> BpfProbes.loadCaracalsPrograms();
            case MAP_BATCH -> BpfProbes.updateInBatch();
            case MAP_MMAP -> BpfProbes.mapArray();
            case XDP_FRAGS -> BpfProbes.loadFragsProgram();
            case XDP_LINK -> HookProbes.attachNativeXdp();
            case XDP_GENERIC -> HookProbes.attachGenericXdp();
            case TCX -> HookProbes.attachTcx();
            case CLSACT -> HookProbes.attachClsact();
            case MANAGED_NEIGHBOUR -> HookProbes.manageNeighbour();
            case AF_XDP_COPY -> XskProbes.bindCopy();
            case AF_XDP_NEED_WAKEUP -> XskProbes.bindNeedWakeup();
            case AF_XDP_MULTI_BUFFER -> XskProbes.bindMultiBuffer();
            case AF_XDP_TX_BUDGET -> XskProbes.setTransmitBudget();
            case BUSY_POLL -> XskProbes.pollBusily();
            case AF_XDP_TX_METADATA -> XskProbes.registerTransmitMetadata();
            case HUGE_PAGES -> XskProbes.mapHugePage();
        }
    }
}
