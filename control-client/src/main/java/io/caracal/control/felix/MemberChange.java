package io.caracal.control.felix;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Members of one IP set that came and went since the last flush, the last word on each winning. */
final class MemberChange {
    private final Set<String> added = new HashSet<>();
    private final Set<String> removed = new HashSet<>();

    void add(final Collection<String> come, final Collection<String> gone) {
        for (final String member : gone) {
            added.remove(member);
            removed.add(member);
        }
        for (final String member : come) {
            removed.remove(member);
            added.add(member);
        }
    }

    /** What leads from one set to another. */
    static MemberChange between(final FelixIpSet older, final FelixIpSet younger) {
        final MemberChange change = new MemberChange();
        younger.members().stream().filter(m -> !older.members().contains(m)).forEach(change.added::add);
        older.members().stream().filter(m -> !younger.members().contains(m)).forEach(change.removed::add);
        return change;
    }

    Set<String> added() {
        return added;
    }

    Set<String> removed() {
        return removed;
    }

    boolean isEmpty() {
        return added.isEmpty() && removed.isEmpty();
    }
}
