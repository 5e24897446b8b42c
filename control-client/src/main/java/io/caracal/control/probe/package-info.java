/** Policy as a unit test: what a node decides about described packets, without sending one. */
package io.caracal.control.probe;
