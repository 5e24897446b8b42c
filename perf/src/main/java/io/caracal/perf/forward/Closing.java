package io.caracal.perf.forward;

import io.caracal.perf.BenchException;

/** Closes what declares that its closing may fail. */
final class Closing {
    private Closing() {
    }

    static void close(final AutoCloseable resource) {
        try {
            resource.close();
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new BenchException("close " + resource, e);
        }
    }
}
