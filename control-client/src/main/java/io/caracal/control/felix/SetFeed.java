package io.caracal.control.felix;

import io.caracal.control.ControlUpdate;
import io.caracal.control.PolicyChange.IpSetDelta;
import io.caracal.control.PolicyChange.IpSetRemove;
import io.caracal.control.PolicyChange.IpSetUpdate;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Tells of IP sets: whole where a set is new or replaced, by members where it only changed. */
final class SetFeed {
    private final Map<String, IpSetKind> told = new HashMap<>();
    private final Consumer<ControlUpdate> listener;

    SetFeed(final Consumer<ControlUpdate> listener) {
        this.listener = listener;
    }

    /** Kind of a set that the listener has, null where it has none of that id. */
    IpSetKind kind(final String id) {
        return told.get(id);
    }

    List<String> ids() {
        return List.copyOf(told.keySet());
    }

    /** Tells the change if it is known and the listener has the set, else the whole set. */
    void put(final String id, final FelixIpSet set, final MemberChange change) {
        final IpSetKind kind = PolicyConversion.kind(set.type());
        if (change == null || told.get(id) != kind) {
            listener.accept(new IpSetUpdate(new IpSet(id, PolicyConversion.members(kind, set.members()))));
            told.put(id, kind);
        } else if (!change.isEmpty()) {
            listener.accept(new IpSetDelta(id, PolicyConversion.members(kind, change.added()),
                PolicyConversion.members(kind, change.removed())));
        }
    }

    void remove(final String id) {
        if (told.remove(id) != null) {
            listener.accept(new IpSetRemove(id));
        }
    }
}
