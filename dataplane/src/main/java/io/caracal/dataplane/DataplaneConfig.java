package io.caracal.dataplane;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.caracal.worker.ForwardingChain;

/**
 * The engine's configuration, concluded once: every value is checked, nothing changes afterwards. Immutable.
 * What each key means and its default stand in {@link ConfigKey}.
 *
 * <pre>{@code
 * DataplaneConfig config = DataplaneConfig.builder().file(path).set("workers", "2").conclude();
 * }</pre>
 */
public final class DataplaneConfig {
    private static final int INTERFACE_NAME_MAX_LENGTH = 15;
    private static final int RESERVED_MARKS = 0xffff0000 | 0x4000 | 0x8000;

    private final Map<ConfigKey, String> values;
    private final String node;
    private final int workers;
    private final int frameCount;
    private final int ringDepth;
    private final int markHanded;
    private final int markApproved;

    private DataplaneConfig(final Map<ConfigKey, String> values) {
        this.values = values;
        node = text(ConfigKey.NODE).isEmpty() ? hostName() : text(ConfigKey.NODE);
        workers = (int)number(ConfigKey.WORKERS, 1, 64);
        frameCount = (int)number(ConfigKey.FRAME_COUNT, 4096, 262144);
        ringDepth = (int)number(ConfigKey.RING_DEPTH, 64, 32768);
        markHanded = mark(ConfigKey.MARK_HANDED);
        markApproved = mark(ConfigKey.MARK_APPROVED);
        validateRelations();
        validateWords();
    }

    /**
     * Starts a configuration from the defaults.
     *
     * @return a builder; not thread-safe.
     */
    public static Builder builder() {
        return new Builder();
    }

    private void validateRelations() {
        require(Integer.bitCount(ringDepth) == 1, ConfigKey.RING_DEPTH, "is no power of two");
        require(frameCount >= 5 * ringDepth + ForwardingChain.HELD_FRAMES_MAX, ConfigKey.FRAME_COUNT,
            "is less than five rings of " + ringDepth + " (fill, receive, transmit, completion, bursts between) and "
            + ForwardingChain.HELD_FRAMES_MAX + " that wait for neighbours, fragments and clients");
        require(markHanded != markApproved, ConfigKey.MARK_APPROVED, "is the same bit as mark-handed");
    }

    private void validateWords() {
        oneOf(ConfigKey.OFFLOAD, "auto", "off");
        oneOf(ConfigKey.IDLE, "adaptive", "spin");
        oneOf(ConfigKey.ON_ENGINE_LOSS, "drop", "pass");
        oneOf(ConfigKey.TC_HOOK, "auto", "tcx", "clsact");
        oneOf(ConfigKey.UPLINK_MODE, "auto", "native-zero-copy", "native-copy", "generic", "kernel");
        oneOf(ConfigKey.UPLINK_BUSY_POLL, "off", "on");
        oneOf(ConfigKey.ESTABLISHED_FLOWS, "keep", "recheck");
        oneOf(ConfigKey.FELIX_STATE, "keep", "none");
        oneOf(ConfigKey.REPLACE, "true", "false");
        oneOf(ConfigKey.ALLOW_UNENFORCED_HOST_ENDPOINTS, "true", "false");
        number(ConfigKey.HEALTH_PORT, 0, 65_535);
        number(ConfigKey.FELIX_FRAME_MAX_BYTES, 1024, Integer.MAX_VALUE);
        require(text(ConfigKey.FELIX).isEmpty() || text(ConfigKey.MANIFESTS).isEmpty(), ConfigKey.FELIX,
            "and setting manifests=" + text(ConfigKey.MANIFESTS) + " exclude each other: one says what runs here");
        oneOf(ConfigKey.CALICO_RULES, "report", "remove", "keep");
        oneOf(ConfigKey.KERNEL_FLOWS, "adopt", "ignore");
        number(ConfigKey.OFFLOAD_FLOWS, 1024, 1 << 22);
        number(ConfigKey.CONNTRACK_CAPACITY, 1024, 1L << 29);
        number(ConfigKey.CONNTRACK_ENDPOINT_FLOWS_MAX, 0, 1L << 29);
        number(ConfigKey.POLICY_LOG_RATE, 0, 1_000_000_000L);
        number(ConfigKey.POLICY_LOG_BURST, 1, 1_000_000L);
        number(ConfigKey.IDLE_SPIN_NS, 0, 1_000_000_000L);
        number(ConfigKey.MISS_RATE_PPS, 0, 100_000_000L);
        number(ConfigKey.MISS_BURST_PACKETS, 1, 100_000_000L);
        number(ConfigKey.WARM_UP_MS, 0, 60_000);
        number(ConfigKey.FIRST_CPU, -1, 4095);
        for (final ConfigKey key : List.of(
            ConfigKey.PUNT_HOST_DEVICE, ConfigKey.PUNT_ENGINE_DEVICE, ConfigKey.INTERFACE_PREFIX)) {
            require(text(key).matches("[A-Za-z0-9_.-]{1," + INTERFACE_NAME_MAX_LENGTH + "}"), key,
                "is no interface name (1..15 letters, digits, '_', '.', '-')");
        }
        require(text(ConfigKey.UPLINKS).matches("[A-Za-z0-9_.,@ -]*"), ConfigKey.UPLINKS,
            "is none of auto, none, or names of interfaces with commas");
        require(!text(ConfigKey.PUNT_HOST_DEVICE).equals(text(ConfigKey.PUNT_ENGINE_DEVICE)),
            ConfigKey.PUNT_ENGINE_DEVICE, "is the same device as punt-host-device");
    }

    private void require(final boolean holds, final ConfigKey key, final String complaint) {
        if (!holds) {
            throw new IllegalArgumentException("setting " + key.key() + "=" + text(key) + " " + complaint);
        }
    }

    private void oneOf(final ConfigKey key, final String... words) {
        require(List.of(words).contains(text(key)), key, "is none of " + String.join(", ", words));
    }

    private long number(final ConfigKey key, final long min, final long max) {
        try {
            final long value = Long.decode(text(key));
            require(value >= min && value <= max, key, "is not in " + min + ".." + max);
            return value;
        } catch (final NumberFormatException notANumber) {
            throw new IllegalArgumentException("setting " + key.key() + "=" + text(key) + " is no number", notANumber);
        }
    }

    private int mark(final ConfigKey key) {
        final int mark = (int)number(key, 1, 0xffff_ffffL);
        require(Integer.bitCount(mark) == 1, key, "is not exactly one bit");
        require((mark & RESERVED_MARKS) == 0, key,
            "is one of Calico's (0xffff0000) or kube-proxy's (0x4000, 0x8000) mark bits");
        return mark;
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
        } catch (final UnknownHostException unresolved) {
            throw new IllegalArgumentException("the host has no name of its own: give --node NAME", unresolved);
        }
    }

    /**
     * A value as it was written.
     *
     * @param key the setting.
     * @return the value or its default.
     */
    public String text(final ConfigKey key) {
        return values.getOrDefault(key, key.defaultValue());
    }

    /**
     * Name of this node.
     *
     * @return never empty.
     */
    public String node() {
        return node;
    }

    /**
     * Packet workers, and queues of the punt pair.
     *
     * @return 1..64.
     */
    public int workers() {
        return workers;
    }

    /**
     * Frames of each worker.
     *
     * @return a count.
     */
    public int frameCount() {
        return frameCount;
    }

    /**
     * Entries of each ring.
     *
     * @return a power of two.
     */
    public int ringDepth() {
        return ringDepth;
    }

    /**
     * Whether the engine takes the place of one that runs.
     *
     * @return true if it may.
     */
    public boolean isReplacing() {
        return "true".equals(text(ConfigKey.REPLACE));
    }

    /**
     * The mark of packets that the engine gave to the host's stack.
     *
     * @return one bit.
     */
    public int markHanded() {
        return markHanded;
    }

    /**
     * The mark of packets that were policed.
     *
     * @return one bit.
     */
    public int markApproved() {
        return markApproved;
    }

    /**
     * A checked number.
     *
     * @param key a setting whose value is a number.
     * @return the number.
     */
    public long number(final ConfigKey key) {
        return number(key, Long.MIN_VALUE, Long.MAX_VALUE);
    }

    /**
     * A path.
     *
     * @param key a setting whose value is a path.
     * @return the path, absent if the value is empty.
     */
    public Optional<Path> path(final ConfigKey key) {
        return text(key).isEmpty() ? Optional.empty() : Optional.of(Path.of(text(key)));
    }

    /**
     * Several paths.
     *
     * @param key a setting whose value is a list of paths with commas between.
     * @return the paths in order, none if the value is empty.
     */
    public List<Path> paths(final ConfigKey key) {
        return Arrays.stream(text(key).split(",")).map(String::strip).filter(path -> !path.isEmpty())
            .map(Path::of).toList();
    }

    /** Collects settings; what comes later wins. */
    public static final class Builder {
        private final Map<ConfigKey, String> values = new EnumMap<>(ConfigKey.class);

        private Builder() {
        }

        /**
         * Sets one value.
         *
         * @param key as in {@link ConfigKey#key()}.
         * @param value as written.
         * @return this.
         * @throws IllegalArgumentException if there is no such setting.
         */
        public Builder set(final String key, final String value) {
            return set(ConfigKey.of(key), value);
        }

        /**
         * Sets one value.
         *
         * @param key the setting.
         * @param value as written.
         * @return this.
         */
        public Builder set(final ConfigKey key, final String value) {
            values.put(key, value.strip());
            return this;
        }

        /**
         * Sets what a YAML file of {@code key: value} lines says.
         *
         * @param file the file.
         * @return this.
         * @throws IllegalArgumentException if it cannot be read, is no such YAML, or names an unknown setting.
         */
        public Builder file(final Path file) {
            final JsonNode root;
            try {
                root = new YAMLMapper().readTree(Files.readString(file));
            } catch (final JsonProcessingException malformed) {
                throw new IllegalArgumentException("read configuration " + file + ": " + malformed.getOriginalMessage()
                    + " at line " + malformed.getLocation().getLineNr(), malformed);
            } catch (final IOException unreadable) {
                throw new IllegalArgumentException("read configuration " + file + ": " + unreadable, unreadable);
            }
            if (root == null || root.isMissingNode() || root.isNull()) {
                return this;
            }
            if (!root.isObject()) {
                throw new IllegalArgumentException("read configuration " + file + ": not a list of 'key: value' lines");
            }
            for (final Map.Entry<String, JsonNode> entry : root.properties()) {
                if (!entry.getValue().isValueNode()) {
                    throw new IllegalArgumentException(
                        "read configuration " + file + ": " + entry.getKey() + " is not a single value");
                }
                set(entry.getKey(), entry.getValue().asText());
            }
            return this;
        }

        /**
         * Checks everything.
         *
         * @return the configuration.
         * @throws IllegalArgumentException if a value is out of range; names the setting, the value and the range.
         */
        public DataplaneConfig conclude() {
            return new DataplaneConfig(new EnumMap<>(values));
        }
    }
}
