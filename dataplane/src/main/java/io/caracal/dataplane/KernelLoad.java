package io.caracal.dataplane;

import java.util.concurrent.CompletableFuture;

import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.punt.PuntPrograms;

/**
 * Puts the guard in place and loads the programs, beside the rest of the start: the one is a process of its own, the
 * other mostly the kernel's verifier. Nothing is attached yet. Begun and closed by the starting thread.
 */
final class KernelLoad implements AutoCloseable {
    private final DataplaneConfig config;
    private final CompletableFuture<Boolean> isJumbo;
    private final WorkloadGuard guard;
    private final StartTask guarding;
    private final StartTask loading;
    private volatile PinDirectory pins;
    private volatile PuntPrograms programs;

    private KernelLoad(final DataplaneConfig config, final CompletableFuture<Boolean> isJumbo) {
        this.config = config;
        this.isJumbo = isJumbo;
        guard = new WorkloadGuard(config.text(ConfigKey.INTERFACE_PREFIX));
        loading = StartTask.begin("programs", this::load);
        guarding = StartTask.begin("guard", guard::install);
    }

    /**
     * Begins.
     *
     * @param config the engine's.
     * @param isJumbo whether the punt pair's packets may have several buffers; asked when the rest is loaded.
     * @return to be closed by the caller after all that uses the programs.
     */
    static KernelLoad begin(final DataplaneConfig config, final CompletableFuture<Boolean> isJumbo) {
        return new KernelLoad(config, isJumbo);
    }

    private void load() {
        pins = PinDirectory.open(config.path(ConfigKey.BPF_FILE_SYSTEM).orElseThrow());
        programs = PuntPrograms.load(
            pins, PuntPrograms.WORKLOADS_MAX_DEFAULT, Offload.bucketCount(config), isJumbo::join);
    }

    /**
     * Waits until both are done.
     *
     * @throws RuntimeException why one of them has failed.
     */
    void await() {
        loading.await();
        guarding.await();
    }

    WorkloadGuard guard() {
        return guard;
    }

    /** After {@link #await}. */
    PinDirectory pins() {
        return pins;
    }

    /** After {@link #await}. */
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
