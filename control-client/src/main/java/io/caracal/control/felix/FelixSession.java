package io.caracal.control.felix;

import io.caracal.control.proto.IPSetDeltaUpdate;
import io.caracal.control.proto.ToDataplane;
import io.caracal.policy.model.PolicyException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One connection of one Felix: configuration first, in-sync once, deltas after it (calico.md 3.2). Before in-sync it
 * only remembers; at in-sync the feed gets the whole state; later messages are gathered until {@link #flush()}. One
 * thread.
 */
public final class FelixSession {
    private final ChangeFeed feed;
    private final FelixCounters counters;
    private final FelixState said = new FelixState();
    private final Set<FelixKey> changed = new HashSet<>();
    private final Map<String, MemberChange> members = new HashMap<>();
    private boolean configured;
    private boolean inSync;

    /**
     * A connection that nothing was heard on yet.
     *
     * @param feed     what runs; outlives the session.
     * @param counters likewise.
     */
    public FelixSession(final ChangeFeed feed, final FelixCounters counters) {
        this.feed = feed;
        this.counters = counters;
    }

    /**
     * Takes one message.
     *
     * @param message as it came.
     * @throws FelixProtocolException when it cannot come here: something before the configuration.
     */
    public void take(final ToDataplane message) throws FelixProtocolException {
        count(message);
        switch (message.getPayloadCase()) {
            case PAYLOAD_NOT_SET -> { }
            case CONFIG_UPDATE -> {
                if (configured) {
                    counters.count("config.repeated");
                }
                configured = true;
                takeObject(message);
            }
            case IN_SYNC -> takeInSync();
            default -> {
                requireConfigured(message);
                takeObject(message);
            }
        }
    }

    private void count(final ToDataplane message) {
        counters.count("messages." + (message.getPayloadCase() == ToDataplane.PayloadCase.PAYLOAD_NOT_SET
            ? "unknown" : message.getPayloadCase().name().toLowerCase(Locale.ROOT)));
        UnknownFields.of(message).forEach(field -> counters.count("fields.unknown." + field));
    }

    private void requireConfigured(final ToDataplane message) throws FelixProtocolException {
        if (!configured) {
            throw new FelixProtocolException("message " + message.getSequenceNumber() + " is "
                + message.getPayloadCase() + ", but a connection begins with CONFIG_UPDATE");
        }
    }

    private void takeInSync() throws FelixProtocolException {
        if (!configured) {
            throw new FelixProtocolException("IN_SYNC before any CONFIG_UPDATE");
        }
        if (inSync) {
            counters.count("insync.repeated");
            return;
        }
        inSync = true;
        feed.replace(said);
    }

    private void takeObject(final ToDataplane message) {
        final FelixKey key;
        try {
            key = said.take(message);
        } catch (final PolicyException e) {
            counters.count("deltas.of-nothing");
            return;
        }
        if (key == null) {
            counters.count("removals.of-nothing");
        } else if (inSync) {
            note(key, message);
        }
    }

    private void note(final FelixKey key, final ToDataplane message) {
        if (message.getPayloadCase() == ToDataplane.PayloadCase.IPSET_DELTA_UPDATE) {
            /* A set that is to be told whole anyway needs no list of members. */
            if (!changed.contains(key) || members.containsKey(key.id())) {
                final IPSetDeltaUpdate delta = message.getIpsetDeltaUpdate();
                members.computeIfAbsent(key.id(), id -> new MemberChange())
                    .add(delta.getAddedMembersList(), delta.getRemovedMembersList());
            }
        } else {
            members.remove(key.id());
        }
        changed.add(key);
    }

    /** Tells the feed what was said since the last flush; nothing before in-sync. */
    public void flush() {
        if (inSync && !changed.isEmpty()) {
            feed.apply(changed, members);
            changed.clear();
            members.clear();
        }
    }

    /**
     * Whether messages wait for a flush.
     *
     * @return whether there are any.
     */
    public boolean hasPending() {
        return !changed.isEmpty();
    }

    /**
     * Whether Felix has said everything once.
     *
     * @return whether in-sync has come.
     */
    public boolean isInSync() {
        return inSync;
    }

    /**
     * What this Felix has said so far.
     *
     * @return the live state, of the session's thread.
     */
    public FelixState said() {
        return said;
    }
}
