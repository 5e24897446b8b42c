/** The flow table beside its twin in C. */
package io.caracal.perf.conntrack;
