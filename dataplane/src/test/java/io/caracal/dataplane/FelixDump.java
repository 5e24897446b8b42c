package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Recordings of a real Felix: beside the project, or the part in control-client's test resources; and the state that a
 * list of messages ends in, told apart by names of JSON keys alone, so that nothing of the decoder is used.
 */
final class FelixDump {
    private static final JsonMapper JSON = new JsonMapper();

    private FelixDump() {
    }

    /** A folder of recordings, as {@code streams}. */
    static Path folder(final String name) {
        for (Path root = Path.of("").toAbsolutePath(); root != null; root = root.getParent()) {
            final Path shared = root.resolve("shared").resolve("felix").resolve(name);
            if (Files.exists(shared)) {
                return shared;
            }
        }
        return Path.of("..", "control-client", "src", "test", "resources", "felix", name).toAbsolutePath();
    }

    /** What is in a folder, by the end of the names, sorted. */
    static List<Path> entries(final Path folder, final String suffix) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(path -> path.toString().endsWith(suffix)).sorted().toList();
        }
    }

    static List<JsonNode> read(final Path file) throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
            new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            final List<JsonNode> messages = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                messages.add(JSON.readTree(line));
            }
            return messages;
        }
    }

    /** The last word on every object, by kind and id; members of sets sorted. */
    static Map<String, JsonNode> finalState(final Iterable<JsonNode> messages) {
        final Map<String, JsonNode> state = new TreeMap<>();
        for (final JsonNode message : messages) {
            message.properties().stream().filter(field -> !field.getKey().equals("sequence_number"))
                .filter(field -> !field.getKey().equals("in_sync"))
                .forEach(field -> take(state, field.getKey(), field.getValue()));
        }
        return state;
    }

    private static void take(final Map<String, JsonNode> state, final String payload, final JsonNode body) {
        final String key = key(payload, body);
        if (payload.endsWith("_remove")) {
            state.remove(key);
        } else if (payload.startsWith("ipset")) {
            final boolean isDelta = payload.equals("ipset_delta_update");
            final ObjectNode set = isDelta ? state.get(key).deepCopy() : body.deepCopy();
            final Set<String> members = texts(set.path("members"));
            members.removeAll(texts(body.path("removed_members")));
            members.addAll(texts(body.path("added_members")));
            set.remove("members");
            members.forEach(set.withArray("members")::add);
            state.put(key, set);
        } else {
            state.put(key, body);
        }
    }

    /** What a message says: the name of its only field but the number. */
    static String payload(final JsonNode message) {
        return message.propertyStream().map(Map.Entry::getKey).filter(name -> !name.equals("sequence_number"))
            .findFirst().orElseThrow();
    }

    /** The object that a message is about. */
    static String key(final String payload, final JsonNode body) {
        final String id = body.path("id").toString() + body.path("dst") + body.path("node") + body.path("hostname");
        return payload.replaceAll("_(delta_update|update|remove)$", "")
            + (Set.of("config_update", "encapsulation", "global_bgp_config_update").contains(payload) ? "" : " " + id);
    }

    /** Whether as many objects of each kind are in force as the state has. */
    static boolean countsOf(final Map<String, JsonNode> state, final JsonNode policy) {
        return Map.of("active_policy", "policies", "active_profile", "profiles", "ipset", "ipSets",
            "workload_endpoint", "workloadEndpoints", "host_endpoint", "hostEndpoints").entrySet().stream()
            .allMatch(kind -> state.keySet().stream().filter(key -> key.startsWith(kind.getKey() + " ")).count()
                == policy.path(kind.getValue()).size());
    }

    /** IPIP is not spoken: docs/felix-configuration.md; and this node has not the recorded one's addresses. */
    static void assertOnlyDocumented(final List<String> problems, final String stream) {
        assertEquals(List.of(), problems.stream().filter(problem -> !problem.contains("IPIP")
            && !problem.startsWith("overlay device ") && !problem.startsWith("route to ")).toList(), stream);
    }

    private static Set<String> texts(final JsonNode list) {
        final Set<String> texts = new TreeSet<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
