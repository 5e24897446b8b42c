package io.caracal.control;

import java.util.Objects;

/**
 * An object of the control input that is not in force as written, and why.
 *
 * @param kind   what became of it.
 * @param place  where it stands, {@code file:line} or what a stream calls its place.
 * @param object what it is, {@code WorkloadEndpoint default/web}; empty when the input was not readable that far.
 * @param reason a sentence for people.
 */
public record ControlProblem(Kind kind, String place, String object, String reason) {

    /** What became of the object. */
    public enum Kind {
        /** The input is wrong: nothing of this load is applied, the last good state stays. */
        REFUSED,
        /** The input may be right, but this version does nothing about it; all else is applied. */
        NOT_APPLIED,
        /** Another endpoint with a lower id has the same interface; this one is not applied. */
        SHADOWED
    }

    /** Refuses null. */
    public ControlProblem {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(place, "place");
        Objects.requireNonNull(object, "object");
        Objects.requireNonNull(reason, "reason");
    }

    /**
     * One line for a log.
     *
     * @return {@code place: object: reason}.
     */
    @Override
    public String toString() {
        final String told = object.isEmpty() ? place + ": " + reason : place + ": " + object + ": " + reason;
        return switch (kind) {
            case REFUSED -> told;
            case NOT_APPLIED -> told + " (not applied)";
            case SHADOWED -> told + " (shadowed)";
        };
    }
}
