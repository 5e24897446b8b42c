package io.caracal.demo;

import java.io.Serial;

/** Something that the demo expected did not happen; the message says what, for people. */
final class DemoFailure extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    DemoFailure(final String message) {
        super(message);
    }
}
