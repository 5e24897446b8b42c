package io.caracal.conntrack;

/**
 * How strict TCP tracking is.
 *
 * @param picksUp whether an ACK of an unknown connection makes a flow ({@code nf_conntrack_tcp_loose}): connections
 *     that are older than the tracking go on, but are policed as if their first sender had opened them.
 * @param liberal whether a segment outside the windows is let through ({@code nf_conntrack_tcp_be_liberal}); RSTs are
 *     checked against what their receiver has acknowledged nevertheless.
 */
public record TcpPolicy(boolean picksUp, boolean liberal) {
    /** The kernel's defaults: picks up, and drops what lies outside the windows. */
    public static final TcpPolicy DEFAULTS = new TcpPolicy(true, false);
}
