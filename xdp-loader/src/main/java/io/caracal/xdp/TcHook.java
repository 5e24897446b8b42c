package io.caracal.xdp;

/** By which of the kernel's two ways a tc program is attached. */
public enum TcHook {
    /** A link (Linux 6.6): it can be pinned, and nobody else can remove it by mistake. */
    TCX,
    /**
     * A filter of the clsact qdisc: it stays when the process dies, until someone detaches it, destroys the qdisc, or
     * the interface goes.
     */
    CLSACT
}
