package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.PoolResource;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which node owns which block of addresses: as BlockAffinity resources say, and where there are none, by the addresses
 * in use: a block is that of the node whose tunnel address is in it, else of the one that has most addresses there.
 * Addresses that another node has borrowed out of a block are blocks of their own.
 */
final class BlockFinder {
    private final ManifestModel model;
    private final List<Use> uses = new ArrayList<>();

    /** An address in use on a node. */
    private record Use(Prefix address, String node, boolean isTunnel) {
    }

    BlockFinder(final ManifestModel model) {
        this.model = model;
        model.workloads.forEach(workload -> workload.membership().nets().forEach(
            net -> uses.add(new Use(net, workload.node(), false))));
        model.nodes.values().forEach(node -> {
            addTunnel(node.families().ipv4().vxlan(), node.name());
            addTunnel(node.families().ipv6().vxlan(), node.name());
            addTunnel(node.families().ipv4().ipip(), node.name());
        });
    }

    private void addTunnel(final Prefix address, final String node) {
        if (address != null) {
            uses.add(new Use(address, node, true));
        }
    }

    Map<Prefix, String> blocks() {
        final Map<Prefix, List<Use>> byBlock = new HashMap<>();
        for (final Use use : uses) {
            final Prefix block = block(use.address());
            if (block != null) {
                byBlock.computeIfAbsent(block, key -> new ArrayList<>()).add(use);
            }
        }
        final Map<Prefix, String> owners = new HashMap<>(model.blocks);
        byBlock.forEach((block, inside) -> {
            final String owner = owners.computeIfAbsent(block, key -> owner(inside));
            inside.stream().filter(use -> !use.node().equals(owner))
                .forEach(use -> owners.put(use.address(), use.node()));
        });
        return owners;
    }

    private Prefix block(final Prefix address) {
        for (final Prefix block : model.blocks.keySet()) {
            if (block.contains(address.v6(), address.high(), address.low())) {
                return block;
            }
        }
        if (!model.blocks.isEmpty()) {
            return null;
        }
        for (final Map.Entry<Prefix, PoolResource> pool : model.pools.entrySet()) {
            if (pool.getKey().contains(address.v6(), address.high(), address.low())) {
                return new Prefix(address.v6(), address.high(), address.low(), pool.getValue().blockLength());
            }
        }
        return null;
    }

    private static String owner(final List<Use> inside) {
        final Map<String, Long> counts = inside.stream()
            .collect(Collectors.groupingBy(Use::node, TreeMap::new, Collectors.counting()));
        return inside.stream().max(Comparator.comparing(Use::isTunnel)
            .thenComparing((Use use) -> counts.get(use.node())).thenComparing(Use::node, Comparator.reverseOrder()))
            .orElseThrow().node();
    }
}
