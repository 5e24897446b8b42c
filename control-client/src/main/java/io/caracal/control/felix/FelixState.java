package io.caracal.control.felix;

import io.caracal.control.proto.IPSetDeltaUpdate;
import io.caracal.control.proto.InSync;
import io.caracal.control.proto.ToDataplane;
import io.caracal.policy.model.PolicyException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Everything that one Felix has said so far, object by object: an update replaces, a removal takes away, a delta
 * changes its set. It only remembers; whether an object can be enforced is not asked here. One thread.
 */
public final class FelixState {
    private final Map<FelixKey, ToDataplane> objects = new HashMap<>();
    private final Map<String, FelixIpSet> sets = new HashMap<>();

    /** Nothing said yet. */
    public FelixState() {
    }

    /**
     * Takes one message.
     *
     * @param message any; in_sync and messages that are not known change nothing.
     * @return the object that it is about, or null where it is about none or takes away what was not there.
     * @throws PolicyException when it is a delta of an IP set that Felix never sent.
     */
    public FelixKey take(final ToDataplane message) {
        final FelixKey key = FelixMessages.key(message);
        if (key == null) {
            return null;
        }
        switch (message.getPayloadCase()) {
            case IPSET_UPDATE -> sets.put(key.id(), new FelixIpSet(message.getIpsetUpdate()));
            case IPSET_DELTA_UPDATE -> changeSet(message.getIpsetDeltaUpdate());
            case IPSET_REMOVE -> {
                return sets.remove(key.id()) == null ? null : key;
            }
            default -> {
                return takeObject(key, message);
            }
        }
        return key;
    }

    private FelixKey takeObject(final FelixKey key, final ToDataplane message) {
        if (FelixMessages.isRemoval(message)) {
            return objects.remove(key) == null ? null : key;
        }
        objects.put(key, message.getSequenceNumber() == 0 ? message
            : message.toBuilder().clearSequenceNumber().build());
        return key;
    }

    private void changeSet(final IPSetDeltaUpdate delta) {
        final FelixIpSet set = sets.get(delta.getId());
        if (set == null) {
            throw new PolicyException("IP set " + delta.getId(), "is changed by a delta, but there is no such set");
        }
        set.change(delta.getAddedMembersList(), delta.getRemovedMembersList());
    }

    /** The last update of an object that is no IP set; null if there is none. */
    ToDataplane object(final FelixKey key) {
        return objects.get(key);
    }

    /** An IP set, null if there is none. */
    FelixIpSet set(final String id) {
        return sets.get(id);
    }

    /** Every object, IP sets too. */
    Iterable<FelixKey> keys() {
        final TreeSet<FelixKey> keys = new TreeSet<>(objects.keySet());
        sets.keySet().forEach(id -> keys.add(new FelixKey(FelixObjectKind.IP_SET, id)));
        return Collections.unmodifiableSet(keys);
    }

    /**
     * The state as messages that would make it again: in an order that Felix might have sent, sequence numbers from 0,
     * in_sync last. Members of sets are sorted, so equal states give equal messages.
     *
     * @return the messages; large sets are copied.
     */
    public List<ToDataplane> messages() {
        final List<ToDataplane> messages = new ArrayList<>();
        forEachMessage(messages::add);
        return messages;
    }

    /** The same one by one, for who writes them down: all at once are as large as the state. */
    <E extends Exception> void forEachMessage(final MessageConsumer<E> consumer) throws E {
        long number = 0;
        for (final FelixKey key : keys()) {
            final ToDataplane.Builder message = key.kind() == FelixObjectKind.IP_SET
                ? ToDataplane.newBuilder().setIpsetUpdate(sets.get(key.id()).message()) : objects.get(key).toBuilder();
            consumer.accept(message.setSequenceNumber(number++).build());
        }
        consumer.accept(ToDataplane.newBuilder().setSequenceNumber(number).setInSync(InSync.getDefaultInstance())
            .build());
    }

    /** Takes a message. */
    @FunctionalInterface
    interface MessageConsumer<E extends Exception> {
        void accept(ToDataplane message) throws E;
    }

    /**
     * How many objects there are.
     *
     * @return number by kind, kinds without objects left out.
     */
    public Map<FelixObjectKind, Integer> counts() {
        final Map<FelixObjectKind, Integer> counts = new TreeMap<>();
        keys().forEach(key -> counts.merge(key.kind(), 1, Integer::sum));
        return counts;
    }

    /**
     * Whether another Felix said the same.
     *
     * @param other maybe a {@code FelixState}.
     * @return whether the same objects have the same content, members in any order.
     */
    @Override
    public boolean equals(final Object other) {
        return other instanceof final FelixState that && objects.equals(that.objects) && sets.equals(that.sets);
    }

    @Override
    public int hashCode() {
        return objects.hashCode() * 31 + sets.hashCode();
    }

    @Override
    public String toString() {
        return counts().toString();
    }
}
