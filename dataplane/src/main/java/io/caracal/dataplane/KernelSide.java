package io.caracal.dataplane;

import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.punt.PuntHooks;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;

/**
 * What the engine has in the kernel beside its sockets.
 *
 * @param programs the eBPF programs and their maps.
 * @param hooks where they hang.
 * @param guard what drops the packets of interfaces without programs.
 * @param offload the flow cache of the programs.
 * @param pins where maps and links outlive this process.
 * @param missLimit of every workload interface.
 */
record KernelSide(PuntPrograms programs, PuntHooks hooks, WorkloadGuard guard, Offload offload, PinDirectory pins,
                  Workload.MissLimit missLimit) {
}
