package io.caracal.xdp;

import io.caracal.bindings.BpfHooks;
import io.caracal.bindings.BpfLinks;

/** The two tc hooks of an interface. */
public enum TcDirection {
    /** What arrives on the interface: of a workload interface, what the pod sends. */
    INGRESS(BpfLinks.BPF_TCX_INGRESS, BpfHooks.TC_INGRESS),
    /** What the host sends on it. */
    EGRESS(BpfLinks.BPF_TCX_EGRESS, BpfHooks.TC_EGRESS);

    private final int tcxAttachType;
    private final int clsactAttachPoint;

    TcDirection(final int tcxAttachType, final int clsactAttachPoint) {
        this.tcxAttachType = tcxAttachType;
        this.clsactAttachPoint = clsactAttachPoint;
    }

    int tcxAttachType() {
        return tcxAttachType;
    }

    int clsactAttachPoint() {
        return clsactAttachPoint;
    }

    /** As in a pin's name. */
    String label() {
        return this == INGRESS ? "tc-ingress" : "tc-egress";
    }
}
