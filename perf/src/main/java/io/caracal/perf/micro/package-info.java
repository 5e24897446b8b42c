/** JMH benchmarks run as scenarios: nanoseconds and bytes allocated per packet, in memory, without a kernel. */
package io.caracal.perf.micro;
