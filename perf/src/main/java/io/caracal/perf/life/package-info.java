/** The engine's life measured from outside: start, idleness, a soak with churn and a kill. */
package io.caracal.perf.life;
