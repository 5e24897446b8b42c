package io.caracal.xsk;

/**
 * The four rings of one socket, seen from the engine.
 *
 * @param fill empty frames to the kernel.
 * @param completion transmitted frames from the kernel.
 * @param rx received packets from the kernel.
 * @param tx packets to the kernel.
 */
public record XskRings(FillRing fill, CompletionRing completion, RxRing rx, TxRing tx) {
}
