package io.caracal.xdp;

/**
 * What a load did about one map's pin.
 *
 * @param map its name.
 * @param outcome what was done.
 * @param reason why it was replaced; empty otherwise.
 */
public record MapAdoption(String map, Outcome outcome, String reason) {
    /** What may happen. */
    public enum Outcome {
        /** Nothing was pinned; the map is new. */
        CREATED,
        /** The pinned map goes on with its entries. */
        ADOPTED,
        /** The pinned map was of another shape: a new one is in its place, and the old entries are lost. */
        REPLACED
    }
}
