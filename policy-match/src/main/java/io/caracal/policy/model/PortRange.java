package io.caracal.policy.model;

/**
 * Ports from first to last, both included.
 *
 * @param first 0-65535.
 * @param last not below first, at most 65535.
 */
public record PortRange(int first, int last) {
    /** The largest port. */
    public static final int MAX_PORT = 65_535;

    /** Checks the order and the range. */
    public PortRange {
        if (first < 0 || last > MAX_PORT || first > last) {
            throw new PolicyException("port range " + first + "-" + last, "is not ascending within 0-65535");
        }
    }

    /**
     * Whether a port is inside.
     *
     * @param port 0-65535.
     * @return whether it is.
     */
    public boolean contains(final int port) {
        return port >= first && port <= last;
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
