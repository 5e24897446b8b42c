package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.control.proto.ToDataplane;

/**
 * Other orders of a recording that Felix might have sent: configuration first, in-sync where it was, messages about one
 * object in their order, what is named before what names it, and after it when it goes; all else at random. Knows the
 * messages by the JSON of the recording's dump, so that nothing of the decoder is used.
 */
final class FelixOrder {
    private static final Set<String> BARRIERS = Set.of("config_update", "in_sync");

    private final List<ToDataplane> messages;
    /** By message: those that may come once it has come. */
    private final List<List<Integer>> followers = new ArrayList<>();
    private final int[] predecessorCount;

    FelixOrder(final List<ToDataplane> messages, final List<JsonNode> dump) {
        this.messages = messages;
        predecessorCount = new int[messages.size()];
        final List<String> objects = new ArrayList<>();
        final List<Set<String>> touched = touched(dump, objects);
        for (int i = 0; i < messages.size(); i++) {
            final List<Integer> later = new ArrayList<>();
            for (int j = i + 1; j < messages.size(); j++) {
                if (objects.get(i) == null || objects.get(j) == null || touched.get(j).contains(objects.get(i))
                    || touched.get(i).contains(objects.get(j))) {
                    later.add(j);
                    predecessorCount[j]++;
                }
            }
            followers.add(later);
        }
    }

    /** One of the orders; the seed of the random numbers tells which. */
    List<ToDataplane> shuffled(final RandomGenerator random) {
        final int[] waitsFor = predecessorCount.clone();
        final List<Integer> ready = new ArrayList<>();
        for (int i = 0; i < waitsFor.length; i++) {
            if (waitsFor[i] == 0) {
                ready.add(i);
            }
        }
        final List<ToDataplane> order = new ArrayList<>();
        while (!ready.isEmpty()) {
            final int next = ready.remove(random.nextInt(ready.size()));
            order.add(messages.get(next));
            for (final int follower : followers.get(next)) {
                if (--waitsFor[follower] == 0) {
                    ready.add(follower);
                }
            }
        }
        return order;
    }

    /** What each message is about, what it names, and what its object named until then; null objects are barriers. */
    private static List<Set<String>> touched(final List<JsonNode> dump, final List<String> objects) {
        final Map<String, Set<String>> named = new HashMap<>();
        final List<Set<String>> touched = new ArrayList<>();
        for (final JsonNode message : dump) {
            final String payload = FelixDump.payload(message);
            final Set<String> all = new HashSet<>();
            if (BARRIERS.contains(payload)) {
                objects.add(null);
            } else {
                final String object = FelixDump.key(payload, message.path(payload));
                final Set<String> names = new HashSet<>();
                collect(message, names);
                all.addAll(names);
                all.addAll(named.getOrDefault(object, Set.of()));
                all.add(object);
                named.put(object, names);
                objects.add(object);
            }
            touched.add(all);
        }
        return touched;
    }

    private static void collect(final JsonNode node, final Set<String> names) {
        node.properties().forEach(field -> {
            final String name = field.getKey();
            for (final JsonNode value : field.getValue().isArray() ? field.getValue() : List.of(field.getValue())) {
                if (name.endsWith("_set_ids")) {
                    names.add(FelixDump.key("ipset_update", idOf(value)));
                } else if (name.equals("profile_ids")) {
                    names.add("active_profile {\"name\":" + value + "}");
                } else if (name.endsWith("gress_policies")) {
                    names.add(FelixDump.key("active_policy_update", idOf(value)));
                } else {
                    collect(value, names);
                }
            }
        });
    }

    private static JsonNode idOf(final JsonNode id) {
        return com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode().set("id", id);
    }
}
