/**
 * Where packets go: longest-prefix tables, next hops with their ready-made headers, and the VTEPs that may send to this
 * node. All immutable; built by the control thread and published as one snapshot. Knows addresses and header bytes, not
 * bursts.
 */
package io.caracal.route;
