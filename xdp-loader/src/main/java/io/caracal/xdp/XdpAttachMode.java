package io.caracal.xdp;

import io.caracal.bindings.BpfHooks;

/** Where in the kernel an XDP program runs. */
public enum XdpAttachMode {
    /** In the driver, before an skb exists. Attaching may reset the interface, and fails where its MTU is too large. */
    NATIVE(BpfHooks.XDP_FLAGS_DRV_MODE),
    /**
     * In the stack, on any interface, after an skb was made: slow, and GRO must be off, or the program is given packets
     * of 64 kB.
     */
    GENERIC(BpfHooks.XDP_FLAGS_SKB_MODE);

    private final int flag;

    XdpAttachMode(final int flag) {
        this.flag = flag;
    }

    int flag() {
        return flag;
    }
}
