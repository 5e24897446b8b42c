package io.caracal.xdp;

import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.Fd;
import io.caracal.xdp.MapAdoption.Outcome;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The part of a load that deals with pinned maps: before it, use those that fit; after it, pin those that are new. */
final class MapPins {
    /** For an object that is not pinned. */
    static final MapPins NONE = new MapPins(null);

    private final PinDirectory directory;

    MapPins(final PinDirectory directory) {
        this.directory = directory;
    }

    /** Gives an object's map, not loaded yet, the pinned one to use if it is alike. */
    void adopt(final MemorySegment map, final List<MapAdoption> adoptions) {
        if (directory == null) {
            return;
        }
        final String name = BpfMaps.mapName(map);
        final Path pin = directory.mapPin(name);
        if (!Files.exists(pin)) {
            adoptions.add(new MapAdoption(name, Outcome.CREATED, ""));
            return;
        }
        try (Fd pinned = BpfLinks.openPinned(pin)) {
            final String difference = difference(BpfMaps.info(pinned.number()), map);
            if (difference.isEmpty()) {
                BpfMaps.mapReuseFd(map, pinned.number());
            }
            adoptions.add(new MapAdoption(name, difference.isEmpty() ? Outcome.ADOPTED : Outcome.REPLACED, difference));
        }
    }

    /** Pins what is new, in the place of what did not fit. Until then an earlier engine's pins are whole. */
    void pin(final Map<String, BpfMapHandle> maps, final Set<String> shared, final List<MapAdoption> adoptions) {
        for (final MapAdoption adoption : adoptions) {
            assert !shared.contains(adoption.map()) : adoption;
            if (adoption.outcome() != Outcome.ADOPTED) {
                directory.pinMap(maps.get(adoption.map()));
            }
        }
    }

    /**
     * What the verifier and the codecs rely on. Flags are left out: they change how a map is made, not what is in it.
     */
    private static String difference(final BpfMaps.MapInfo pinned, final MemorySegment map) {
        if (pinned.type() != BpfMaps.mapType(map)) {
            return "its type is " + pinned.type() + ", wanted " + BpfMaps.mapType(map);
        }
        if (pinned.keySize() != BpfMaps.mapKeySize(map) || pinned.valueSize() != BpfMaps.mapValueSize(map)) {
            return "its keys and values have " + pinned.keySize() + " and " + pinned.valueSize() + " bytes, wanted "
                + BpfMaps.mapKeySize(map) + " and " + BpfMaps.mapValueSize(map);
        }
        if (pinned.maxEntries() != BpfMaps.mapMaxEntries(map)) {
            return "it has room for " + pinned.maxEntries() + " entries, wanted " + BpfMaps.mapMaxEntries(map);
        }
        return "";
    }
}
