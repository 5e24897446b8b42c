/** Connections that go on when a node changes from the kernel's rules to the engine, and back. */
package io.caracal.handover;
