/** The scenario {@code forward}: 64-byte packets through two veth pairs, the Java path against its C twin. */
package io.caracal.perf.forward;
