/** The benchmark's programs in C: compiling them, starting them, reading what they print. */
package io.caracal.perf.tool;
