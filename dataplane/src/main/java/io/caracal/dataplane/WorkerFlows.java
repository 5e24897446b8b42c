package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.caracal.conntrack.BootClock;
import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.Conntrack;
import io.caracal.conntrack.ConntrackConfig;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowImageSpec;
import io.caracal.conntrack.FlowRemovalListener;
import io.caracal.stage.WorkloadTablePublisher;

/**
 * The flows of one worker: its connection tracking and the two mapped files that it lives in, which the next engine
 * takes over. Opened by any thread, closed after the worker has ended.
 */
final class WorkerFlows implements AutoCloseable {
    private static final String FILE_INFIX = "-flows-";

    private final FlowImage ipv4Image;
    private final FlowImage ipv6Image;
    private final Conntrack conntrack;

    private WorkerFlows(final FlowImage ipv4Image, final FlowImage ipv6Image, final Conntrack conntrack) {
        this.ipv4Image = ipv4Image;
        this.ipv6Image = ipv6Image;
        this.conntrack = conntrack;
    }

    /**
     * Opens the files of a shard, or makes them.
     *
     * @param directory where they are; made if it is not there.
     * @param index which worker's.
     * @param count workers.
     * @param config of the shard.
     * @param workloads which interface has which address.
     * @return the flows, to be closed by the caller.
     */
    static WorkerFlows open(final Path directory, final int index, final int count, final ConntrackConfig config,
                            final WorkloadTablePublisher workloads) {
        createDirectory(directory);
        final FlowImage ipv4 = image(directory, new FlowImageSpec(4, config.ipv4Capacity(), index, count));
        try {
            final FlowImage ipv6 = image(directory, new FlowImageSpec(6, config.ipv6Capacity(), index, count));
            try {
                return new WorkerFlows(ipv4, ipv6,
                    Conntrack.open(config, ipv4, ipv6, BootClock.read(), workloads, FlowRemovalListener.NONE));
            } catch (final RuntimeException failure) {
                ipv6.close();
                throw failure;
            }
        } catch (final RuntimeException failure) {
            ipv4.close();
            throw failure;
        }
    }

    private static void createDirectory(final Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (final IOException failure) {
            throw new UncheckedIOException("make the directory of flows " + directory, failure);
        }
    }

    private static FlowImage image(final Path directory, final FlowImageSpec spec) {
        return FlowImage.open(file(directory, spec.ipVersion(), spec.shardIndex()), spec, BootIdentity.current());
    }

    /** Where a shard's flows of one family are. */
    static Path file(final Path directory, final int ipVersion, final int index) {
        return directory.resolve("ipv" + ipVersion + FILE_INFIX + index);
    }

    /** Whether a file is one of flows, or what is left of moving them. */
    static boolean isFile(final Path file) {
        return file.getFileName().toString().contains(FILE_INFIX);
    }

    /** Whether a file holds a shard, and is not what is left of moving one. */
    static boolean isShard(final Path file) {
        return file.getFileName().toString().matches("ipv[46]" + FILE_INFIX + "\\d+");
    }

    /** Whether no process of this boot had them before. */
    boolean areNew() {
        return ipv4Image.origin() != FlowImage.Origin.RESTORED && ipv6Image.origin() != FlowImage.Origin.RESTORED;
    }

    /** The worker's, while it runs. */
    Conntrack conntrack() {
        return conntrack;
    }

    @Override
    public void close() {
        conntrack.close();
        ipv4Image.close();
        ipv6Image.close();
    }
}
