package io.caracal.xsk;

/** How packets get between a driver and the UMEM. */
public enum XskMode {
    /** Zero-copy where the driver can, else copy. */
    AUTO,
    /** The device writes into the UMEM. */
    ZERO_COPY,
    /** The kernel copies each packet; every device. */
    COPY
}
