package io.caracal.control;

import java.util.Map;
import java.util.Objects;

/**
 * Where a {@link ControlSource} stands, for people and for readiness. Immutable.
 *
 * @param source {@code felix} or {@code manifests}.
 * @param place socket or paths that it reads from.
 * @param phase how far it is.
 * @param revision changes told since the start, in-sync among them; it stands still while nothing changes.
 * @param counters what it counted, by name; none for manifests.
 */
public record SourceStatus(String source, String place, Phase phase, long revision, Map<String, Long> counters) {
    /** How far a source is; {@link #LAST_GOOD} and {@link #IN_SYNC} have told everything at least once. */
    public enum Phase {
        /** Nobody has come and nothing is known. */
        WAITING,
        /** Nobody is there; what was said last, to this engine or to the one before it, is in force. */
        LAST_GOOD,
        /** Felix has connected and not yet said everything. */
        CONNECTED,
        /** Everything was said, and changes follow. */
        IN_SYNC;

        /**
         * As people write it.
         *
         * @return {@code waiting}, {@code last good state}, {@code connected} or {@code in sync}.
         */
        public String label() {
            return switch (this) {
                case WAITING -> "waiting";
                case LAST_GOOD -> "last good state";
                case CONNECTED -> "connected";
                case IN_SYNC -> "in sync";
            };
        }
    }

    /** Refuses null and copies the map. */
    public SourceStatus {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(place, "place");
        Objects.requireNonNull(phase, "phase");
        counters = Map.copyOf(counters);
    }
}
