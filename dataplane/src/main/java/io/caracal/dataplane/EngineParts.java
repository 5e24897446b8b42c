package io.caracal.dataplane;

import io.caracal.network.NetworkControl;

/**
 * What of the engine counts and can be described.
 *
 * @param workers who handle packets.
 * @param kernel programs, hooks and guard.
 * @param network uplinks and what is behind them.
 */
record EngineParts(WorkerGroup workers, KernelSide kernel, NetworkControl network) {
}
