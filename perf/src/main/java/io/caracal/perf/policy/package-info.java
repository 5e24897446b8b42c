/** Policy: lookups in standard rule sets beside other classifiers, IP sets of a million members, pushes of policy. */
package io.caracal.perf.policy;
