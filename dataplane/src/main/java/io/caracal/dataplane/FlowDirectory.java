package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Stream;

import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.ConntrackConfig;
import io.caracal.conntrack.FlowImageSpec;
import io.caracal.conntrack.FlowMigration;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.worker.FlowPlacement;
import io.caracal.xdp.punt.FlowQueue;

/**
 * Where flows are kept over a restart: a file for each worker and family, and the secret by which flows are dealt out
 * to workers, which must outlive them. Flows move when the number of workers changes. One thread.
 */
final class FlowDirectory {
    private static final String SEED_FILE = "steering-seed";
    private static final int HEXADECIMAL = 16;
    private static final String OWNER_ONLY = "rw-------";
    private static final List<String> IN_MEMORY = List.of("tmpfs", "ramfs");

    private final Path path;
    private final DataplaneConfig config;
    private final EngineLog log;
    private final int steeringSeed;

    private FlowDirectory(final Path path, final DataplaneConfig config, final EngineLog log) throws IOException {
        this.path = path;
        this.config = config;
        this.log = log;
        Files.createDirectories(path);
        warnOfDisk();
        steeringSeed = readOrMakeSeed();
    }

    /** Measured on ext4: the first packet of a flow waited 5 ms for a page of the file. */
    private void warnOfDisk() throws IOException {
        final String type = Files.getFileStore(path).type();
        if (!IN_MEMORY.contains(type)) {
            log.warn("flows are kept in " + path + ", which is on " + type
                + ": new flows wait for its pages; name a directory on a tmpfs (" + ConfigKey.CONNTRACK_DIRECTORY.key()
                + ")");
        }
    }

    /**
     * Opens the directory that the configuration names; makes it if it is not there.
     *
     * @param config the engine's.
     * @param log where moves are told.
     * @return the directory.
     */
    static FlowDirectory open(final DataplaneConfig config, final EngineLog log) {
        final Path path = ConntrackSettings.directory(config);
        try {
            return new FlowDirectory(path, config, log);
        } catch (final IOException failure) {
            throw new UncheckedIOException("open the directory of flows " + path, failure);
        }
    }

    /** A seed that cannot be read is made anew: flows then come to other workers and begin again there. */
    private int readOrMakeSeed() throws IOException {
        final Path file = path.resolve(SEED_FILE);
        if (Files.exists(file)) {
            try {
                return Integer.parseUnsignedInt(Files.readString(file).strip(), HEXADECIMAL);
            } catch (final NumberFormatException damaged) {
                log.warn(file + " holds no seed: flows are dealt out to workers anew (" + damaged.getMessage() + ")");
            }
        }
        final int seed = new SecureRandom().nextInt();
        final Path draft = path.resolve(SEED_FILE + ".new");
        Files.writeString(draft, Integer.toHexString(seed));
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString(OWNER_ONLY));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return seed;
    }

    /** The secret of the hash that chooses a flow's queue. */
    int steeringSeed() {
        return steeringSeed;
    }

    /** The same rule for packets that no program has dealt out. */
    FlowPlacement placement() {
        final FlowQueue queue = new FlowQueue(steeringSeed, config.workers());
        return new FlowPlacement() {
            @Override
            public int workerOfIpv4(final int source, final int destination, final int protocol, final int ports) {
                return queue.ofIpv4(source, destination, protocol, ports);
            }

            @Override
            public int workerOfIpv6(final long sourceHigh, final long sourceLow, final long destinationHigh,
                                    final long destinationLow, final int protocol, final int ports) {
                return queue.ofIpv6(sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, ports);
            }
        };
    }

    /** Where a moment's flows may be that nobody wants to keep: not where the engine before has its own. */
    static Path scratch(final DataplaneConfig config) {
        return ConntrackSettings.directory(config).resolve(config.isReplacing() ? "scratch-next" : "scratch");
    }

    /** Moves the flows of an engine that had another number of workers or another capacity. */
    void migrate() {
        if (!hasFlows()) {
            return;
        }
        final FlowQueue queue = new FlowQueue(steeringSeed, config.workers());
        final ConntrackConfig wanted = ConntrackSettings.of(config, 0, log);
        migrate(queue, 4, wanted.ipv4Capacity());
        migrate(queue, 6, wanted.ipv6Capacity());
    }

    private boolean hasFlows() {
        return !files(path).isEmpty();
    }

    /** Files of flows, and what is left of moving them. */
    static List<Path> files(final Path path) {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(WorkerFlows::isFile).sorted().toList();
        } catch (final IOException failure) {
            throw new UncheckedIOException("list the directory of flows " + path, failure);
        }
    }

    private void migrate(final FlowQueue queue, final int ipVersion, final int capacity) {
        final FlowMigration migration = FlowMigration.run(shard -> WorkerFlows.file(path, ipVersion, shard),
            new FlowImageSpec(ipVersion, capacity, 0, config.workers()), BootIdentity.current(),
            flow -> queueOf(queue, flow));
        if (migration.wasNeeded()) {
            log.info("IPv" + ipVersion + " flows of an earlier engine: " + migration);
        }
    }

    /** Which worker's queue a flow's packets come by. */
    int shardOf(final FlowSnapshot flow) {
        return queueOf(new FlowQueue(steeringSeed, config.workers()), flow);
    }

    private static int queueOf(final FlowQueue queue, final FlowSnapshot flow) {
        return flow.ipVersion == 4
            ? queue.ofIpv4((int)flow.original.sourceLow, (int)flow.original.destinationLow, flow.protocol,
                flow.original.ports)
            : queue.ofIpv6(flow.original.sourceHigh, flow.original.sourceLow, flow.original.destinationHigh,
                flow.original.destinationLow, flow.protocol, flow.original.ports);
    }

    /**
     * Opens a worker's flows.
     *
     * @param index which worker's.
     * @param workloads which interface has which address.
     * @return the flows, to be closed by the caller.
     */
    WorkerFlows openShard(final int index, final WorkloadTablePublisher workloads) {
        return WorkerFlows.open(
            path, index, config.workers(), ConntrackSettings.of(config, index, log), workloads);
    }
}
