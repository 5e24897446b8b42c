package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The lists of endpoints against a map of lists. */
class EndpointFlowsTest {
    private static final int SLOTS = 400;
    private static final int ENDPOINTS = 20;

    @Test
    void shouldAgreeWithAMapOfLists() {
        final SplittableRandom random = TestSeed.random("EndpointFlowsTest");
        try (FlowLinks links = new FlowLinks(SLOTS)) {
            final EndpointFlows flows = new EndpointFlows(links, ENDPOINTS);
            final Map<Integer, List<Integer>> model = new HashMap<>();
            final int[] owner = new int[2 * SLOTS];
            for (int i = 0; i < 200_000; i++) {
                final int node = random.nextInt(2 * SLOTS);
                if (owner[node] != 0) {
                    flows.remove(owner[node], node >> 1, node & 1);
                    model.get(owner[node]).remove(Integer.valueOf(node));
                    owner[node] = 0;
                } else {
                    /* More interfaces than there is room for, so that they come and go. */
                    final int ifindex = 1 + random.nextInt(2 * ENDPOINTS) * 1024;
                    final long live = model.values().stream().filter(list -> !list.isEmpty()).count();
                    final boolean known = !model.getOrDefault(ifindex, List.of()).isEmpty();
                    assertEquals(known || live < ENDPOINTS, flows.hasRoomFor(ifindex, 0));
                    if (flows.hasRoomFor(ifindex, 0) && random.nextInt(3) == 0) {
                        flows.add(ifindex, node >> 1, node & 1);
                        model.computeIfAbsent(ifindex, k -> new ArrayList<>()).add(node);
                        owner[node] = ifindex;
                    }
                }
                if (i % 1000 == 0) {
                    model.forEach((ifindex, nodes) -> assertEquals(nodes, nodesOf(flows, ifindex)));
                }
            }
        }
    }

    @Test
    void shouldCountBothEndsOfAFlowWhenAskedForRoom() {
        try (FlowLinks links = new FlowLinks(SLOTS)) {
            final EndpointFlows flows = new EndpointFlows(links, 1);
            assertTrue(flows.hasRoomFor(7, 7));
            assertTrue(flows.hasRoomFor(0, 7));
            assertFalse(flows.hasRoomFor(7, 8));
        }
    }

    private static List<Integer> nodesOf(final EndpointFlows flows, final int ifindex) {
        final List<Integer> nodes = new ArrayList<>();
        for (int node = flows.oldest(ifindex); node != FlowLinks.NONE; node = flows.newer(node)) {
            nodes.add(node);
        }
        assertEquals(nodes.size(), flows.flowCount(ifindex));
        return nodes;
    }
}
