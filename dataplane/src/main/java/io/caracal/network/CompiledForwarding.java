package io.caracal.network;

import io.caracal.route.ForwardingOptions;
import io.caracal.route.RouteTable;
import io.caracal.route.VtepTable;
import java.util.Map;

/**
 * Tables for the workers, but for the MACs of neighbours.
 *
 * @param routes where addresses lead.
 * @param nextHops what their numbers stand for.
 * @param vteps whose tunnels are accepted.
 * @param options settings.
 */
record CompiledForwarding(RouteTable routes, Map<Integer, NextHopPlan> nextHops, VtepTable vteps,
                          ForwardingOptions options) {
}
