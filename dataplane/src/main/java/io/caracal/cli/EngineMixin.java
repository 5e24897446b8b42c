package io.caracal.cli;

import java.io.IOException;
import java.nio.file.Path;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.dataplane.AdminClient;
import picocli.CommandLine.Option;

/** {@code --admin}, and what is asked there; shared by the commands that look at a running engine. */
final class EngineMixin {
    @Option(names = "--admin", paramLabel = "SOCKET", defaultValue = "/run/caracal/admin.sock",
        description = "admin socket (default: ${DEFAULT-VALUE})")
    private Path admin;

    Path adminSocket() {
        return admin;
    }

    /**
     * Asks one question.
     *
     * @param command as {@link AdminClient#ask}.
     * @return the answer.
     * @throws IOException when no engine answers.
     */
    JsonNode ask(final String command) throws IOException {
        try (AdminClient client = AdminClient.connect(admin)) {
            return client.ask(command);
        }
    }
}
