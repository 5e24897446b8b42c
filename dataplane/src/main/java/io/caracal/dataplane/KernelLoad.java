package io.caracal.dataplane;

import java.util.concurrent.CompletableFuture;

import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.punt.PuntPrograms;

/**
 * Loads the programs and puts the guard in place, beside the rest of the start: the one is mostly the kernel's
 * verifier, the other a process of its own, which waits for the node. Nothing is attached yet. Begun and closed by the
 * starting thread.
 */
final class KernelLoad implements AutoCloseable {
    private final DataplaneConfig config;
    private final CompletableFuture<Boolean> isJumbo;
    private final WorkloadGuard guard;
    private final StartTask guarding;
    private final StartTask loading;
    private volatile PinDirectory pins;
    private volatile PuntPrograms programs;

    private KernelLoad(final DataplaneConfig config, final CompletableFuture<Boolean> isJumbo, final NodeHold node) {
        this.config = config;
        this.isJumbo = isJumbo;
        guard = new WorkloadGuard(config.text(ConfigKey.INTERFACE_PREFIX));
        loading = StartTask.begin("programs", this::load);
        guarding = node.begin("guard", guard::install);
    }

    /**
     * Begins.
     *
     * @param config the engine's.
     * @param isJumbo whether the punt pair's packets may have several buffers; asked when the rest is loaded.
     * @param node what the guard waits for.
     * @return to be closed by the caller after all that uses the programs.
     */
    static KernelLoad begin(final DataplaneConfig config, final CompletableFuture<Boolean> isJumbo,
                            final NodeHold node) {
        return new KernelLoad(config, isJumbo, node);
    }

    private void load() {
        pins = PinDirectory.open(config.path(ConfigKey.BPF_FILE_SYSTEM).orElseThrow());
        programs = PuntPrograms.load(
            pins, PuntPrograms.WORKLOADS_MAX_DEFAULT, Offload.bucketCount(config), isJumbo::join);
    }

    /**
     * Waits until the programs are loaded.
     *
     * @throws RuntimeException why they could not be.
     */
    void awaitPrograms() {
        loading.await();
    }

    /**
     * Waits until the guard is in place.
     *
     * @throws RuntimeException why it could not be put there.
     */
    void awaitGuard() {
        guarding.await();
    }

    WorkloadGuard guard() {
        return guard;
    }

    /** After {@link #awaitPrograms}. */
    PinDirectory pins() {
        return pins;
    }

    /** After {@link #awaitPrograms}. */
    PuntPrograms programs() {
        return programs;
    }

    /** Waits for what has been begun, and frees the programs' descriptors. */
    @Override
    public void close() {
        guarding.close();
        loading.close();
        if (programs != null) {
            programs.close();
        }
    }
}
