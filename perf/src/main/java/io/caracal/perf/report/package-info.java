/** What a benchmark found, against which bars, and how it is written down: JSON, Markdown, plots. */
package io.caracal.perf.report;
