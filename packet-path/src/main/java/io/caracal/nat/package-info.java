/**
 * NAT-outgoing: packets of pods to outside leave with the node's address. What a binding is and how packets are
 * rewritten; where bindings live is behind {@link io.caracal.nat.NatBindings}.
 */
package io.caracal.nat;
