package io.caracal.conntrack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Moves the flows that an earlier process left to the shards of this one, where the number of workers or the capacity
 * is another now. Every record is looked at by itself: torn and impossible ones stay behind. Where not all have room,
 * half-open flows stay behind first.
 *
 * <p>A kill at any moment loses nothing: new files are written beside the old ones; then one rename of a marker decides
 * that the new ones count; then they take the old ones' places. Whoever comes next finishes what was decided and
 * forgets what was not. For that moment there must be room for both sets of files. Source-NATed flows move as well, but
 * {@link Conntrack#openNat} ends those whose port is now another worker's.</p>
 *
 * <p>One thread, before the images are opened; no other process has them open.</p>
 *
 * <pre>{@code
 * final FlowMigration migration = FlowMigration.run(shard -> directory.resolve("ipv4-flows-" + shard),
 *     new FlowImageSpec(4, capacity, 0, workers), BootIdentity.current(), steering);
 * }</pre>
 */
public final class FlowMigration {
    private static final String NEW_SUFFIX = ".new";
    private static final String MARKER_SUFFIX = ".moving";
    /** Workers that a node may have had: where to look for files that a longer list has left. */
    private static final int SHARDS_MAX = 1024;

    /** Called before each step that changes a file; a test stops there. */
    interface StepListener {
        /** The next step begins. */
        void onStep();
    }

    private final IntFunction<Path> files;
    private final FlowImageSpec wanted;
    private final BootIdentity boot;
    private final FlowSteering steering;
    private final StepListener steps;
    private final FlowSnapshot flow = new FlowSnapshot();
    private int fromShards;
    private long moved;
    private long torn;
    private long invalid;
    private long withoutRoom;

    private FlowMigration(final IntFunction<Path> files, final FlowImageSpec wanted, final BootIdentity boot,
        final FlowSteering steering, final StepListener steps) {
        this.files = files;
        this.wanted = wanted;
        this.boot = boot;
        this.steering = steering;
        this.steps = steps;
    }

    /**
     * Moves what has to be moved; most often that is nothing.
     *
     * @param files where the file of each shard is.
     * @param wanted what this process wants of its first shard; the others differ in their number.
     * @param boot this boot: files of another one are not looked at.
     * @param steering which shard a flow belongs to now.
     * @return what was done.
     * @throws FlowImageException when a file is there that cannot be moved: another process has it open, another
     *     version, or damaged. Nothing has been changed then.
     * @throws UncheckedIOException when a file cannot be read or written, or has no room. Nothing is lost then.
     */
    public static FlowMigration run(final IntFunction<Path> files, final FlowImageSpec wanted, final BootIdentity boot,
        final FlowSteering steering) {
        return run(new FlowMigration(files, wanted, boot, steering, () -> { }));
    }

    /** The same, stopped where a step listener throws. */
    static FlowMigration run(final IntFunction<Path> files, final FlowImageSpec wanted, final BootIdentity boot,
        final FlowSteering steering, final StepListener steps) {
        return run(new FlowMigration(files, wanted, boot, steering, steps));
    }

    private static FlowMigration run(final FlowMigration migration) {
        try {
            migration.finishOrForget();
            final List<FlowImageSpec> found = migration.specs();
            if (migration.differs(found)) {
                migration.fromShards = (int)found.stream().filter(Objects::nonNull).count();
                migration.move(found);
                migration.finishOrForget();
            }
            return migration;
        } catch (final IOException e) {
            throw new UncheckedIOException("move the flows of " + migration.files.apply(0) + " to "
                + migration.wanted.shardCount() + " shards of " + migration.wanted.capacity() + " (nothing is lost: "
                + "is there room for both sets of files?)", e);
        }
    }

    /** What the files of this boot hold, by shard; null for a shard without. */
    private List<FlowImageSpec> specs() throws IOException {
        final List<FlowImageSpec> specs = new ArrayList<>();
        int shards = wanted.shardCount();
        for (int shard = 0; shard < shards; shard++) {
            final FlowImageSpec spec = spec(files.apply(shard));
            specs.add(spec);
            shards = spec == null ? shards : Math.max(shards, Math.min(spec.shardCount(), SHARDS_MAX));
        }
        return specs;
    }

    private FlowImageSpec spec(final Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer header = FlowImageHeader.read(channel);
            if (FlowImageHeader.isUnfinished(header)) {
                return null;
            }
            if (!FlowImageHeader.isWhole(header)) {
                throw new FlowImageException(file, "its header is damaged or not ours",
                    "remove the file: its flows are lost");
            }
            if (!FlowImageHeader.boot(header).equals(boot)) {
                return null;
            }
            if (FlowImageHeader.version(header) != FlowImage.VERSION) {
                throw new FlowImageException(file, "it is of version " + FlowImageHeader.version(header) + ", this is "
                    + FlowImage.VERSION, "start the program that wrote it, or remove it: its flows are lost then");
            }
            final FlowImageSpec found = FlowImageHeader.spec(header);
            if (found.ipVersion() != wanted.ipVersion()) {
                throw new FlowImageException(file, "it holds IPv" + found.ipVersion() + " flows",
                    "is it the right file?");
            }
            return found;
        }
    }

    private boolean differs(final List<FlowImageSpec> found) {
        for (int shard = 0; shard < found.size(); shard++) {
            final FlowImageSpec spec = found.get(shard);
            if (spec != null && (shard >= wanted.shardCount() || !spec.equals(shardOf(shard)))) {
                return true;
            }
        }
        return false;
    }

    private FlowImageSpec shardOf(final int shard) {
        return new FlowImageSpec(wanted.ipVersion(), wanted.capacity(), shard, wanted.shardCount());
    }

    private void move(final List<FlowImageSpec> found) throws IOException {
        final List<FlowImage> sources = new ArrayList<>();
        final List<FlowImage> targets = new ArrayList<>();
        try {
            for (int shard = 0; shard < found.size(); shard++) {
                if (found.get(shard) != null) {
                    sources.add(FlowImage.open(files.apply(shard), found.get(shard), boot));
                }
            }
            for (int shard = 0; shard < wanted.shardCount(); shard++) {
                steps.onStep();
                targets.add(FlowImage.open(beside(shard), shardOf(shard), boot));
            }
            for (int lane = TimerWheel.STEADY; lane >= TimerWheel.TRANSIENT; lane--) {
                for (final FlowImage source : sources) {
                    copyLane(source, lane, targets);
                }
            }
            decide(found.size());
        } finally {
            targets.forEach(FlowImage::close);
            sources.forEach(FlowImage::close);
        }
    }

    private void copyLane(final FlowImage source, final int lane, final List<FlowImage> targets) {
        steps.onStep();
        final int recordSize = wanted.recordSize();
        for (int slot = 0; slot < source.highWater(); slot++) {
            final long record = source.records() + (long)slot * recordSize;
            final long account = source.accounts() + (long)slot * FlowAccount.SIZE;
            if (FlowRecord.isTorn(record) || FlowRecord.state(record) == FlowState.FREE
                || !RecordCheck.isPlausible(wanted.ipVersion(), record, account)) {
                count(record, lane);
            } else if (FlowLanes.lane(FlowRecord.state(record), FlowRecord.flags(record)) == lane) {
                flow.take(record, account, wanted.ipVersion());
                copy(record, account, targets.get(steering.shardOf(flow)));
            }
        }
    }

    /** Records that stay behind, once for the two passes over them. */
    private void count(final long record, final int lane) {
        if (lane == TimerWheel.STEADY && FlowRecord.isTorn(record)) {
            torn++;
        } else if (lane == TimerWheel.STEADY && FlowRecord.state(record) != FlowState.FREE) {
            invalid++;
        }
    }

    private void copy(final long record, final long account, final FlowImage target) {
        final int slot = target.highWater();
        if (slot == target.spec().capacity()) {
            withoutRoom++;
            return;
        }
        OffHeap.copy(account, target.accounts() + (long)slot * FlowAccount.SIZE, FlowAccount.SIZE);
        OffHeap.copy(record, target.records() + (long)slot * wanted.recordSize(), wanted.recordSize());
        target.highWater(slot + 1);
        moved++;
    }

    /** From the rename on, the new files count. */
    private void decide(final int oldShards) throws IOException {
        steps.onStep();
        final Path unfinished = marker().resolveSibling(marker().getFileName() + NEW_SUFFIX);
        Files.writeString(unfinished, oldShards + " " + wanted.shardCount() + "\n");
        steps.onStep();
        Files.move(unfinished, marker(), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Puts new files in the old ones' places where that has been decided, and forgets them where it has not. */
    private void finishOrForget() throws IOException {
        if (!Files.exists(marker())) {
            for (int shard = 0; shard < SHARDS_MAX; shard++) {
                Files.deleteIfExists(beside(shard));
            }
            return;
        }
        final String[] counts = Files.readString(marker()).strip().split(" ");
        final int oldShards = Integer.parseInt(counts[0]);
        final int newShards = Integer.parseInt(counts[1]);
        for (int shard = 0; shard < newShards; shard++) {
            steps.onStep();
            if (Files.exists(beside(shard))) {
                Files.move(beside(shard), files.apply(shard), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        for (int shard = newShards; shard < oldShards; shard++) {
            steps.onStep();
            Files.deleteIfExists(files.apply(shard));
        }
        steps.onStep();
        Files.delete(marker());
    }

    private Path beside(final int shard) {
        return files.apply(shard).resolveSibling(files.apply(shard).getFileName() + NEW_SUFFIX);
    }

    private Path marker() {
        return files.apply(0).resolveSibling(files.apply(0).getFileName() + MARKER_SUFFIX);
    }

    /**
     * Whether flows had to be moved.
     *
     * @return false: the files were as wanted, or there were none.
     */
    public boolean wasNeeded() {
        return fromShards > 0;
    }

    /**
     * Flows that were moved.
     *
     * @return how many.
     */
    public long moved() {
        return moved;
    }

    /**
     * Flows for which the new shards had no room.
     *
     * @return how many.
     */
    public long withoutRoom() {
        return withoutRoom;
    }

    @Override
    public String toString() {
        return wasNeeded() ? moved + " flows moved from " + fromShards + " to " + wanted.shardCount() + " shards, "
            + torn + " torn, " + invalid + " invalid, " + withoutRoom + " without room" : "no flows to move";
    }
}
