package io.caracal.control.felix;

import java.util.Comparator;

/**
 * Which object a message is about.
 *
 * @param kind the kind.
 * @param id   unique within the kind; empty where there is only one.
 */
public record FelixKey(FelixObjectKind kind, String id) implements Comparable<FelixKey> {
    private static final Comparator<FelixKey> ORDER =
        Comparator.comparing(FelixKey::kind).thenComparing(FelixKey::id);

    @Override
    public int compareTo(final FelixKey other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return id.isEmpty() ? kind.word() : kind.word() + " " + id;
    }
}
