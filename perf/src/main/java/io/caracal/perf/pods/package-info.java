/** Two pods and who carries between them: the engine, the kernel with a filter, a wire; load from real sockets. */
package io.caracal.perf.pods;
