/** Interleaved rounds: contenders measured in turn, rounds that others disturbed rejected and counted. */
package io.caracal.perf.rounds;
