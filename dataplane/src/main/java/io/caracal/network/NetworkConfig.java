package io.caracal.network;

import io.caracal.kernel.MtuFile;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * What the control of the network needs to know from the start.
 *
 * @param node this node's name, as control says it.
 * @param interfacePrefix what pods' interfaces begin with.
 * @param uplinks which interfaces lead out, and how they may be driven.
 * @param workerCount packet workers.
 * @param puntMtu bytes of the largest packet that the way through the engine takes.
 * @param hasCache whether flows may go past the engine.
 * @param mtuFile where the CNI plugin learns the MTU of new pods; empty to tell it nothing.
 * @param stateDirectory where former settings of devices are noted.
 */
public record NetworkConfig(String node, String interfacePrefix, UplinkSettings uplinks, int workerCount,
                            int puntMtu, boolean hasCache, Optional<MtuFile> mtuFile, Path stateDirectory) {
    /** Checks that nothing is missing. */
    public NetworkConfig {
        Objects.requireNonNull(node);
        Objects.requireNonNull(interfacePrefix);
        Objects.requireNonNull(uplinks);
        Objects.requireNonNull(mtuFile);
        Objects.requireNonNull(stateDirectory);
    }
}
