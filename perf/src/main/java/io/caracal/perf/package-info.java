/** {@code caracal bench}: the command, what a scenario is, and the JMH benchmarks. */
package io.caracal.perf;
