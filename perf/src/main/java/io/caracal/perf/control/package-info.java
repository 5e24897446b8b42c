/** What control costs: a large cluster at once, and a thousand changes a second beside packets. */
package io.caracal.perf.control;
