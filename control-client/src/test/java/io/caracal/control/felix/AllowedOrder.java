package io.caracal.control.felix;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.ToDataplane.PayloadCase;
import io.caracal.policy.model.PolicyId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Another order of the same messages that Felix might have sent: configuration first, in-sync where it was, messages
 * about one object in their order, what is named before what names it, and after it when it goes. All else at random.
 */
final class AllowedOrder {
    private AllowedOrder() {
    }

    static List<ToDataplane> shuffle(final List<ToDataplane> messages, final Random random) {
        final int count = messages.size();
        final List<Set<String>> touched = touched(messages);
        final List<Set<Integer>> before = new ArrayList<>();
        for (int j = 0; j < count; j++) {
            final Set<Integer> earlier = new HashSet<>();
            for (int i = 0; i < j; i++) {
                if (isBarrier(messages.get(i)) || isBarrier(messages.get(j)) || isOrdered(touched, messages, i, j)) {
                    earlier.add(i);
                }
            }
            before.add(earlier);
        }
        final List<ToDataplane> order = new ArrayList<>();
        final Set<Integer> done = new HashSet<>();
        while (done.size() < count) {
            final List<Integer> ready = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                if (!done.contains(i) && done.containsAll(before.get(i))) {
                    ready.add(i);
                }
            }
            final int next = ready.get(random.nextInt(ready.size()));
            done.add(next);
            order.add(messages.get(next));
        }
        return order;
    }

    private static boolean isBarrier(final ToDataplane message) {
        return message.getPayloadCase() == PayloadCase.IN_SYNC || message.getPayloadCase() == PayloadCase.CONFIG_UPDATE;
    }

    /** The object of one is among those that the other is about, names, or named until now. */
    private static boolean isOrdered(final List<Set<String>> touched, final List<ToDataplane> messages, final int i,
        final int j) {
        return touched.get(j).contains(FelixMessages.key(messages.get(i)).toString())
            || touched.get(i).contains(FelixMessages.key(messages.get(j)).toString());
    }

    private static List<Set<String>> touched(final List<ToDataplane> messages) {
        final Map<FelixKey, Set<String>> named = new HashMap<>();
        final List<Set<String>> touched = new ArrayList<>();
        for (final ToDataplane message : messages) {
            final FelixKey key = FelixMessages.key(message);
            if (key == null) {
                touched.add(Set.of());
                continue;
            }
            final Set<String> names = new HashSet<>();
            collect(message, names);
            final Set<String> all = new HashSet<>(names);
            all.addAll(named.getOrDefault(key, Set.of()));
            all.add(key.toString());
            named.put(key, names);
            touched.add(all);
        }
        return touched;
    }

    private static void collect(final Message message, final Set<String> names) {
        if (message instanceof final PolicyID id) {
            names.add(References.policy(new PolicyId(id.getName(), id.getNamespace(), id.getKind())).toString());
        }
        for (final Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            final String name = field.getKey().getName();
            final List<?> values = field.getValue() instanceof final List<?> list ? list : List.of(field.getValue());
            for (final Object value : values) {
                if (value instanceof final Message part) {
                    collect(part, names);
                } else if (name.endsWith("_set_ids")) {
                    names.add(new FelixKey(FelixObjectKind.IP_SET, (String)value).toString());
                } else if (name.equals("profile_ids")) {
                    names.add(new FelixKey(FelixObjectKind.PROFILE, (String)value).toString());
                }
            }
        }
    }
}
