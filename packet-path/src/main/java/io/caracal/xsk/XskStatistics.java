package io.caracal.xsk;

/**
 * What the kernel counts about a socket ({@code struct xdp_statistics}), since it was opened.
 *
 * @param rxDroppedCount packets that did not fit a frame, or were dropped for another reason.
 * @param rxInvalidDescriptorCount entries of the fill ring that the kernel refused.
 * @param txInvalidDescriptorCount entries of the transmit ring that the kernel refused. NB: before 6.2 their frames
 *     never come back by the completion ring; they are the port's until it is closed.
 * @param rxRingFullCount packets dropped because the worker had not taken those before; Linux 5.9.
 * @param fillRingEmptyCount packets dropped because there was no empty frame; Linux 5.9.
 * @param txRingEmptyCount times the driver looked for packets to send and found none; Linux 5.9.
 */
public record XskStatistics(long rxDroppedCount, long rxInvalidDescriptorCount, long txInvalidDescriptorCount,
                            long rxRingFullCount, long fillRingEmptyCount, long txRingEmptyCount) {
}
