package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import io.caracal.bindings.NativeCallException;
import io.caracal.conntrack.FlowImageException;
import io.caracal.handover.FlowReturn;
import io.caracal.kernel.MtuFile;
import io.caracal.kernel.NodeNetwork;
import io.caracal.kernel.NodeNetworkReport;
import io.caracal.kernel.NodeNetworkSettings;
import io.caracal.netlink.Link;
import io.caracal.netlink.RouteNetlink;
import io.caracal.network.DeferredInterrupts;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.punt.PuntHooks;
import io.caracal.xdp.uplink.UplinkHooks;

/**
 * Takes Caracal off a node: pinned programs and maps, tc filters, the punt pair, the guard. Pods are the kernel's again
 * afterwards. Does nothing, and says so, where nothing is. Works in the calling thread's network namespace; needs root.
 */
public final class Cleanup {
    private Cleanup() {
    }

    /**
     * Removes everything.
     *
     * @param config names of what to remove.
     * @return a line for each thing that was there and is not any more.
     * @throws IllegalStateException if an engine is running: it would be left without its programs.
     */
    public static List<String> run(final DataplaneConfig config) {
        final List<String> removed = new ArrayList<>();
        try (EngineLock held = EngineLock.take(config.path(ConfigKey.STATE_DIRECTORY).orElseThrow());
            RouteNetlink netlink = RouteNetlink.open()) {
            final Path bpfFileSystem = config.path(ConfigKey.BPF_FILE_SYSTEM).orElseThrow();
            returnFlows(config, removed);
            restoreDevices(config, removed);
            for (final String pin : PinDirectory.open(bpfFileSystem).removeAll()) {
                removed.add("pin " + pin);
            }
            detach(netlink, config, removed);
            removed.addAll(removeNetwork(config));
            for (final ConfigKey device : List.of(ConfigKey.PUNT_HOST_DEVICE, ConfigKey.PUNT_ENGINE_DEVICE)) {
                if (netlink.deleteLink(config.text(device))) {
                    removed.add("interface " + config.text(device));
                }
            }
            if (new WorkloadGuard(config.text(ConfigKey.INTERFACE_PREFIX)).remove()) {
                removed.add("nftables table inet caracal");
            }
            removeFiles(config, removed);
            held.deleteOnClose();
        }
        return removed;
    }

    /** What an engine that was killed has left of its uplinks' settings. */
    private static void restoreDevices(final DataplaneConfig config, final List<String> removed) {
        try {
            DeferredInterrupts.restoreLeft(config.path(ConfigKey.STATE_DIRECTORY).orElseThrow())
                .forEach(line -> removed.add("deferred interrupts: set back " + line));
        } catch (final NativeCallException failure) {
            removed.add("not set back: " + failure.getMessage());
        }
    }

    /** What is on hooks without a pin. */
    private static void detach(final RouteNetlink netlink, final DataplaneConfig config, final List<String> removed) {
        for (final Link link : netlink.links()) {
            final boolean isWorkload = link.name().startsWith(config.text(ConfigKey.INTERFACE_PREFIX));
            if (isWorkload ? PuntHooks.removeLeftovers(link.index()) : UplinkHooks.removeLeftovers(link.index())) {
                removed.add("tc filters of " + link.name());
            }
        }
    }

    private static void removeFiles(final DataplaneConfig config, final List<String> removed) {
        final List<Path> files = new ArrayList<>(List.of(config.path(ConfigKey.ADMIN_SOCKET).orElseThrow()));
        files.addAll(ControlSources.leftovers(config));
        files.stream().filter(Cleanup::remove).forEach(file -> removed.add("file " + file));
        if (removeFlows(ConntrackSettings.directory(config))) {
            removed.add("flows in " + ConntrackSettings.directory(config));
        }
    }

    /** Routes, overlay devices and neighbours that were made for the cluster's network, and the MTU of new pods. */
    private static List<String> removeNetwork(final DataplaneConfig config) {
        final NodeNetworkSettings usual = NodeNetworkSettings.DEFAULT;
        final List<String> removed = new ArrayList<>();
        try (NodeNetwork network = NodeNetwork.open(new NodeNetworkSettings(
            usual.routeProtocol(), usual.podRouteMetric(), config.text(ConfigKey.INTERFACE_PREFIX)))) {
            final NodeNetworkReport report = network.removeAll();
            report.changes().forEach(change -> removed.add(change.replaceFirst("^delete ", "")));
            report.problems().forEach(problem -> removed.add("not removed: " + problem));
        }
        config.path(ConfigKey.MTU_FILE).filter(file -> new MtuFile(file).remove())
            .ifPresent(file -> removed.add("file " + file));
        return removed;
    }

    /** Before the programs go: until then no packet of a pod passes, and the kernel would take it for unknown. */
    private static void returnFlows(final DataplaneConfig config, final List<String> removed) {
        final List<Path> files = FlowDirectory.files(ConntrackSettings.directory(config)).stream()
            .filter(WorkerFlows::isShard).toList();
        if (files.isEmpty()) {
            return;
        }
        try {
            final FlowReturn.Result result = FlowReturn.run(files);
            if (result.returned() + result.refused() > 0) {
                removed.add(result.returned() + " flows, which the kernel tracks now"
                    + (result.refused() == 0 ? "" : "; " + result.refused() + " it could not take"));
            }
        } catch (final NativeCallException | FlowImageException failure) {
            removed.add("flows, without giving them to the kernel: " + failure.getMessage());
        }
    }

    private static boolean removeFlows(final Path directory) {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> entries = Files.walk(directory)) {
            entries.sorted(Comparator.reverseOrder()).forEach(Cleanup::remove);
        } catch (final IOException failure) {
            throw new UncheckedIOException("remove " + directory, failure);
        }
        return true;
    }

    /** An engine removes its socket when it ends, but not when it is killed. */
    private static boolean remove(final Path file) {
        try {
            return Files.deleteIfExists(file);
        } catch (final IOException failure) {
            throw new UncheckedIOException("remove " + file, failure);
        }
    }
}
