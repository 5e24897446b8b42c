package io.caracal.control.felix;

/**
 * Which object a message is about.
 *
 * @param kind the kind.
 * @param id   unique within the kind; empty where there is only one.
 */
public record FelixKey(FelixObjectKind kind, String id) implements Comparable<FelixKey> {
    @Override
    public int compareTo(final FelixKey other) {
        final int order = kind.compareTo(other.kind);
        return order != 0 ? order : id.compareTo(other.id);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final FelixKey that && kind == that.kind && id.equals(that.id);
    }

    @Override
    public int hashCode() {
        return kind.ordinal() * 31 + id.hashCode();
    }

    @Override
    public String toString() {
        return id.isEmpty() ? kind.word() : kind.word() + " " + id;
    }
}
