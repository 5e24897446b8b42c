package io.caracal.control.felix;

import java.io.IOException;
import java.io.Serial;

/**
 * What came on the stream is not Felix's protocol (felix/dataplane/external/ext_dataplane.go): the connection is of no
 * further use. What was in force before stays in force.
 */
public final class FelixProtocolException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Says what is wrong.
     *
     * @param message where in the stream, and what was expected there.
     */
    public FelixProtocolException(final String message) {
        super(message);
    }

    /**
     * Says what is wrong.
     *
     * @param message where in the stream, and what was expected there.
     * @param cause   what the decoder said.
     */
    public FelixProtocolException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
