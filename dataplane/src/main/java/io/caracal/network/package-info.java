/** From what control and the kernel say about the network to tables, programs and the kernel's own state. */
package io.caracal.network;
