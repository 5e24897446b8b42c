package io.caracal.control.felix;

import io.caracal.control.proto.IPSetUpdate;
import io.caracal.control.proto.IPSetUpdate.IPSetType;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** An IP set as Felix has told it so far. Members are texts in Felix's own spelling, which is canonical. */
final class FelixIpSet {
    private final String id;
    private final IPSetType type;
    private final Set<String> members;

    FelixIpSet(final IPSetUpdate update) {
        id = update.getId();
        type = update.getType();
        members = HashSet.newHashSet(update.getMembersCount());
        members.addAll(update.getMembersList());
    }

    IPSetType type() {
        return type;
    }

    Set<String> members() {
        return members;
    }

    void change(final Collection<String> added, final Collection<String> removed) {
        removed.forEach(members::remove);
        members.addAll(added);
    }

    /** The whole set as one message, members sorted so that equal sets have equal messages. */
    IPSetUpdate message() {
        final String[] sorted = members.toArray(String[]::new);
        Arrays.sort(sorted);
        return IPSetUpdate.newBuilder().setId(id).setType(type).addAllMembers(Arrays.asList(sorted)).build();
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final FelixIpSet that && type == that.type && members.equals(that.members);
    }

    @Override
    public int hashCode() {
        return members.hashCode();
    }
}
