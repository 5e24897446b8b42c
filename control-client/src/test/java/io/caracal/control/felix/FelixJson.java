package io.caracal.control.felix;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.util.JsonFormat;
import io.caracal.control.proto.ToDataplane;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;

/**
 * The dump beside a recorded stream, and the state that it ends in: told apart by names of JSON keys alone, so that
 * nothing of the decoder is used.
 */
final class FelixJson {
    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> SINGLE = List.of("config_update", "encapsulation", "global_bgp_config_update");

    private FelixJson() {
    }

    static List<JsonNode> dump(final Path file) throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
            new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            final List<JsonNode> messages = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                messages.add(JSON.readTree(line));
            }
            return messages;
        }
    }

    static JsonNode json(final ToDataplane message) throws IOException {
        return JSON.readTree(JsonFormat.printer().preservingProtoFieldNames().print(message));
    }

    /** The last word on every object, by kind and id; members of sets sorted. */
    static Map<String, JsonNode> finalState(final List<JsonNode> messages) {
        final Map<String, JsonNode> state = new TreeMap<>();
        for (final JsonNode message : messages) {
            message.properties().stream().filter(field -> !field.getKey().equals("sequence_number"))
                .forEach(field -> take(state, field.getKey(), field.getValue()));
        }
        return state;
    }

    private static void take(final Map<String, JsonNode> state, final String payload, final JsonNode body) {
        if (payload.equals("in_sync")) {
            return;
        }
        final String id = SINGLE.contains(payload) ? ""
            : body.path("id").toString() + body.path("dst") + body.path("node") + body.path("hostname");
        final String key = payload.replaceAll("_(delta_update|update|remove)$", "") + " " + id;
        if (payload.endsWith("_remove")) {
            state.remove(key);
        } else if (payload.equals("ipset_delta_update")) {
            final ObjectNode set = state.get(key).deepCopy();
            final Set<String> members = texts(set.path("members"));
            members.removeAll(texts(body.path("removed_members")));
            members.addAll(texts(body.path("added_members")));
            state.put(key, withMembers(set, members));
        } else if (payload.equals("ipset_update")) {
            state.put(key, withMembers(body.deepCopy(), texts(body.path("members"))));
        } else {
            state.put(key, body);
        }
    }

    private static JsonNode withMembers(final ObjectNode set, final Set<String> members) {
        final ArrayNode list = set.putArray("members");
        new TreeSet<>(members).forEach(list::add);
        return set;
    }

    private static Set<String> texts(final JsonNode list) {
        final Set<String> texts = new LinkedHashSet<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
