package io.caracal.conntrack;

import java.nio.file.Path;

/** A mapped file is there, but cannot be used: its message names the file, the reason and the next step. */
public final class FlowImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FlowImageException(final Path file, final String reason, final String nextStep) {
        this(file, reason, nextStep, null);
    }

    FlowImageException(final Path file, final String reason, final String nextStep, final Throwable cause) {
        super("open conntrack image " + file + ": " + reason + " (" + nextStep + ")", cause);
    }
}
