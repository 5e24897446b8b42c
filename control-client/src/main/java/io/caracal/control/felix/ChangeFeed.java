package io.caracal.control.felix;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.proto.ToDataplane;
import io.caracal.policy.model.PolicyException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Brings what runs to what is wanted: compares, translates, and tells one listener the differences in the order of
 * {@link FelixObjectKind}, removals last and the other way round. An object that cannot be taken is refused by name and
 * keeps its last good form, and so does everything that the last good form names; it is tried again at each flush,
 * since what it lacked may have come. Both Felix and manifests feed it. One thread.
 */
public final class ChangeFeed {
    private final ControlListener listener;
    private final Function<FelixKey, String> places;
    private final ObjectTeller teller;
    private final Map<FelixKey, ToDataplane> applied = new HashMap<>();
    private final References references = new References();
    private final TreeMap<FelixKey, ControlProblem> refused = new TreeMap<>();
    private final TreeMap<FelixKey, List<ControlProblem>> notApplied = new TreeMap<>();
    private final TreeSet<FelixKey> lingering = new TreeSet<>();
    private final SetFeed sets;
    private List<ControlProblem> told = List.of();
    private FelixState running = new FelixState();
    private boolean inSync;
    private long changeCount;

    /**
     * Feeds a listener that knows nothing yet.
     *
     * @param listener who is told.
     * @param places   where an object was written, for problems.
     */
    public ChangeFeed(final ControlListener listener, final Function<FelixKey, String> places) {
        this.listener = listener;
        this.places = places;
        sets = new SetFeed(this::tell);
        teller = new ObjectTeller(this::tell, sets::kind, applied::containsKey, references);
    }

    private void tell(final ControlUpdate update) {
        changeCount++;
        listener.onUpdate(update);
    }

    /**
     * Makes a whole state the one in force: only differences are told, then, the first time, in-sync.
     *
     * @param next what is wanted; the caller goes on changing it only together with {@link #apply}.
     */
    public void replace(final FelixState next) {
        final Set<FelixKey> keys = new HashSet<>(applied.keySet());
        sets.ids().forEach(id -> keys.add(new FelixKey(FelixObjectKind.IP_SET, id)));
        next.keys().forEach(keys::add);
        final Map<String, MemberChange> members = new HashMap<>();
        for (final String id : sets.ids()) {
            final FelixIpSet older = running.set(id);
            final FelixIpSet younger = next.set(id);
            if (older != null && younger != null && older.type() == younger.type()) {
                members.put(id, MemberChange.between(older, younger));
            }
        }
        running = next;
        apply(keys, members);
    }

    /**
     * Tells what has changed of the state in force.
     *
     * @param changed objects that may have changed or gone.
     * @param members for sets that only got deltas: which; other changed sets are told whole.
     */
    void apply(final Set<FelixKey> changed, final Map<String, MemberChange> members) {
        final TreeSet<FelixKey> keys = new TreeSet<>(changed);
        keys.addAll(refused.keySet());
        keys.addAll(lingering);
        keys.stream().filter(this::isWanted).forEach(key -> put(key, members));
        keys.descendingSet().stream().filter(key -> !isWanted(key)).forEach(this::remove);
        if (!inSync) {
            inSync = true;
            tell(new ControlUpdate.InSync());
        }
        tellProblems();
    }

    private boolean isWanted(final FelixKey key) {
        return key.kind() == FelixObjectKind.IP_SET ? running.set(key.id()) != null : running.object(key) != null;
    }

    private void put(final FelixKey key, final Map<String, MemberChange> members) {
        lingering.remove(key);
        final ToDataplane message = running.object(key);
        final boolean wasRefused = refused.remove(key) != null;
        try {
            if (key.kind() == FelixObjectKind.IP_SET) {
                sets.put(key.id(), running.set(key.id()), wasRefused ? null : members.get(key.id()));
            } else if (!Objects.equals(message, applied.get(key))) {
                final List<String> notes = teller.put(key, message);
                applied.put(key, message);
                note(key, notes);
            }
        } catch (final PolicyException e) {
            refused.put(key, new ControlProblem(ControlProblem.Kind.REFUSED, places.apply(key), key.toString(),
                e.getMessage() + (applied.containsKey(key) ? "; its last good form stays in force" : "")));
        }
    }

    private void note(final FelixKey key, final List<String> notes) {
        if (notes.isEmpty()) {
            notApplied.remove(key);
        } else {
            notApplied.put(key, notes.stream().map(text -> new ControlProblem(ControlProblem.Kind.NOT_APPLIED,
                places.apply(key), key.toString(), text)).toList());
        }
    }

    private void remove(final FelixKey key) {
        refused.remove(key);
        if (references.isUsed(key)) {
            lingering.add(key);
            return;
        }
        lingering.remove(key);
        notApplied.remove(key);
        if (key.kind() == FelixObjectKind.IP_SET) {
            sets.remove(key.id());
        } else {
            final ToDataplane last = applied.remove(key);
            if (last != null) {
                references.remove(key);
                teller.remove(key, last);
            }
        }
    }

    private void tellProblems() {
        final List<ControlProblem> problems = new ArrayList<>(refused.values());
        notApplied.values().forEach(problems::addAll);
        teller.owners().forEachShadowed((id, owner) -> {
            final FelixKey key = new FelixKey(FelixObjectKind.WORKLOAD_ENDPOINT, id.toString());
            problems.add(new ControlProblem(ControlProblem.Kind.SHADOWED, places.apply(key), key.toString(),
                "interface " + owner.interfaceName() + " is also that of " + owner.id() + ", whose id is lower"));
        });
        if (!problems.equals(told)) {
            told = List.copyOf(problems);
            listener.onProblems(told);
        }
    }

    /**
     * Everything that is wanted, whether or not all of it could be applied.
     *
     * @return the state given last to {@link #replace}.
     */
    public FelixState wanted() {
        return running;
    }

    /**
     * What is not in force as it was said.
     *
     * @return as the listener was told last, immutable.
     */
    public List<ControlProblem> problems() {
        return told;
    }

    /**
     * How many changes the listener was told.
     *
     * @return updates, in-sync too.
     */
    public long changeCount() {
        return changeCount;
    }
}
