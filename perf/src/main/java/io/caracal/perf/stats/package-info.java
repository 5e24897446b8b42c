/** Figures of repeated measurements: medians, spread, and what a ratio of interleaved rounds is worth. */
package io.caracal.perf.stats;
