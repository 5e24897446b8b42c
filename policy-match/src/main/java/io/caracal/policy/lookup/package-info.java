/**
 * The structures behind the classifier: which sets an address belongs to, and bit vectors over rules. Tables are
 * persistent (an editor makes the next version, sharing what did not change), so a reader that holds one version sees
 * all of it unchanged, and the garbage collector reclaims it when the last reader has moved on.
 */
package io.caracal.policy.lookup;
