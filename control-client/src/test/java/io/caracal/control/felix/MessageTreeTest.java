package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.control.SharedFiles;
import io.caracal.control.proto.ToDataplane;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages as trees, against protojson's own writer, which is the authority but for 64-bit numbers. */
class MessageTreeTest {
    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void shouldSayWhatProtojsonSaysOfEveryRecordedMessage() throws IOException {
        final List<ToDataplane> messages = new ArrayList<>();
        for (final Path file : SharedFiles.entries(SharedFiles.path("felix/streams"), "*.bin.gz")) {
            FelixStreamFile.forEach(file, messages::add);
        }
        assertTrue(messages.size() > 400, messages.size() + " messages");
        for (final ToDataplane message : messages) {
            final ObjectNode tree = JSON.readTree(JSON.writeValueAsString(MessageTree.of(message))).deepCopy();
            if (tree.has("sequence_number")) {
                tree.put("sequence_number", tree.path("sequence_number").asText());
            }
            final JsonNode expected = FelixJson.json(message);
            assertEquals(expected, tree);
        }
    }
}
