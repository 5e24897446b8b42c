package io.caracal.dataplane;

import java.util.Arrays;
import java.util.Locale;

/**
 * Every setting of the engine: its key, its default, what it means and which values it takes. The configuration file,
 * {@code --set key=value}, {@code caracal run --help} and the README's table all come from this list.
 */
public enum ConfigKey {
    /** Name of this node. */
    NODE("node", "", "name of this node as the cluster knows it; empty = the host name"),
    /** State directory. */
    STATE_DIRECTORY("state-directory", "/var/lib/caracal", "what must survive a restart"),
    /** Admin socket. */
    ADMIN_SOCKET("admin-socket", "/run/caracal/admin.sock", "unix socket of status and counters, mode 0600"),
    /** Mount point of the BPF file system. */
    BPF_FILE_SYSTEM("bpf-file-system", "/sys/fs/bpf", "bpffs for the pins; mounted there if nothing is"),
    /** Manifests. */
    MANIFESTS("manifests", "",
        "files and folders of Calico v3 and Kubernetes YAML that stand in for a cluster, with commas between"),
    /** Felix's socket. */
    FELIX("felix", "",
        "unix socket that caracal-felix connects to; empty = /run/caracal/felix.sock, unless there are manifests"),
    /** What Felix said last. */
    FELIX_STATE("felix-state", "keep",
        "keep: what Felix said is kept in the state directory, and the next engine starts with it; none"),
    /** Longest message. */
    FELIX_FRAME_MAX_BYTES("felix-frame-max-bytes", "536870912", "the longest message that is taken from Felix"),
    /** An engine that runs already. */
    REPLACE("replace", "false",
        "true: an engine that runs here serves until this one is warm, then is asked to end; this one takes its place"),
    /** Port of liveness and readiness. */
    HEALTH_PORT("health-port", "0",
        "port of /liveness and /readiness, where Felix's HealthEnabled says so; 0 = Felix's HealthPort"),
    /** Host endpoints. */
    ALLOW_UNENFORCED_HOST_ENDPOINTS("allow-unenforced-host-endpoints", "false",
        "true: the engine is ready although policy of host endpoints is not enforced on the host's own packets"),
    /** Workers. */
    WORKERS("workers", "1", "packet workers, each with a queue of the punt pair and a thread of its own (1..64)"),
    /** First CPU of the workers. */
    FIRST_CPU("first-cpu", "-1", "worker i is pinned to CPU first-cpu + i; -1 = the last CPUs of the machine"),
    /** Idle strategy. */
    IDLE("idle", "adaptive",
        "adaptive: spin where it pays, then sleep in poll(); spin: never sleep, a core for each worker"),
    /** Spin before sleeping. */
    IDLE_SPIN_NS("idle-spin-ns", "50000",
        "how long an idle worker spins before it sleeps, where packets have lately come within that time"),
    /** Frames. */
    FRAME_COUNT("frame-count", "16384", "4096-byte frames of a worker's UMEM (4096..262144)"),
    /** Ring depth. */
    RING_DEPTH("ring-depth", "2048", "entries of each of the four rings, a power of two (64..32768)"),
    /** Punt device of the host's side. */
    PUNT_HOST_DEVICE("punt-host-device", "punt0", "veth end on the host's side, where packets are redirected to"),
    /** Punt device of the engine's side. */
    PUNT_ENGINE_DEVICE("punt-engine-device", "punt1", "veth end that the AF_XDP sockets are bound to"),
    /** Workload interface prefix. */
    INTERFACE_PREFIX("interface-prefix", "cali", "workload interfaces begin with it (Felix: InterfacePrefix)"),
    /** HANDED mark. */
    MARK_HANDED("mark-handed", "0x100", "one bit: the engine gave this packet to the host's stack"),
    /** APPROVED mark. */
    MARK_APPROVED("mark-approved", "0x200", "one bit: the engine or the flow cache has policed this packet"),
    /** Connections of before. */
    KERNEL_FLOWS("kernel-flows", "adopt",
        "connections that the kernel tracks when the first engine starts: adopt: they go on in the engine; ignore"),
    /** Rules of before. */
    CALICO_RULES("calico-rules", "report",
        "chains and IP sets of Calico's iptables or nftables mode: report; remove: once pods are attached; keep"),
    /** What happens without an engine. */
    ON_ENGINE_LOSS("on-engine-loss", "drop",
        "pods' packets while no engine runs: drop (fail closed) or pass (to the kernel, unpoliced)"),
    /** Token bucket rate. */
    MISS_RATE_PPS("miss-rate-pps", "1000000",
        "packets a second that one interface may send to the engine; 0 = no limit"),
    /** Token bucket depth. */
    MISS_BURST_PACKETS("miss-burst-packets", "65536", "packets that one interface may send at once above that rate"),
    /** Flow cache. */
    OFFLOAD("offload", "auto",
        "auto: packets of established flows between pods, of this node or with those of others, to services and with "
            + "the outside, pass in eBPF, by a cache that Java writes; off"),
    /** Size of the flow cache. */
    OFFLOAD_FLOWS("offload-flows", "65536", "flows that the cache has room for, all workers together; 256 bytes each"),
    /** Directory of flows. */
    CONNTRACK_DIRECTORY("conntrack-directory", "",
        "where flows are kept over a restart, on a tmpfs; empty = conntrack beside the admin socket"),
    /** Flows. */
    CONNTRACK_CAPACITY("conntrack-capacity", "512000",
        "flows of one address family, all workers together (Felix: BPFMapSizeConntrack)"),
    /** Flows of one endpoint. */
    CONNTRACK_ENDPOINT_FLOWS_MAX("conntrack-endpoint-flows-max", "0",
        "flows of one address family that one pod may have; 0 = a quarter of conntrack-capacity"),
    /** Timeouts. */
    CONNTRACK_TIMEOUTS("conntrack-timeouts", "",
        "as Felix's BPFConntrackTimeouts: TCPSynSent=20s,TCPFinsSeen=Auto; empty = Calico's defaults"),
    /** Policy changes and established flows. */
    ESTABLISHED_FLOWS("established-flows", "keep",
        "what a policy change means for flows that are there: keep, or recheck on their next packet"),
    /** Prefix of log rules. */
    POLICY_LOG_PREFIX("policy-log-prefix", "calico-packet", "how lines of Log rules begin (Felix: LogPrefix)"),
    /** Rate of log rules. */
    POLICY_LOG_RATE("policy-log-rate", "0",
        "lines a second that Log rules may write; 0 = no limit (Felix: LogActionRateLimit)"),
    /** Burst of log rules. */
    POLICY_LOG_BURST("policy-log-burst", "5", "lines that may come at once (Felix: LogActionRateLimitBurst)"),
    /** Uplinks. */
    UPLINKS("uplinks", "auto", "interfaces that lead out of the node, with commas: XDP gives pods' packets to the "
        + "engine there; auto: those of default routes; none: all that leaves is the host's"),
    /** How uplinks are driven. */
    UPLINK_MODE("uplink-mode", "auto",
        "auto: the first that works of native-zero-copy, native-copy, generic, and kernel: without XDP, which comes "
        + "second where flows are offloaded and the interface brings packets larger than its MTU (veth, LRO, hardware "
        + "GRO)"),
    /** Who drives uplinks. */
    UPLINK_BUSY_POLL("uplink-busy-poll", "off",
        "on: the worker itself runs the driver's receive side, and interrupts wait, where the uplink has XDP in the "
        + "driver and the kernel knows the queue's NAPI; off: interrupts"),
    /** MTU file. */
    MTU_FILE("mtu-file", "/var/lib/calico/mtu",
        "where the CNI plugin learns the MTU of new pods; empty = it is told nothing"),
    /** How tc programs are attached. */
    TC_HOOK("tc-hook", "auto", "auto: tcx where the kernel has it, else clsact; tcx; clsact"),
    /** Warm-up. */
    WARM_UP_MS("warm-up-ms", "200",
        "synthetic packets run for so long, half a second after the start, so that code is compiled; 0 = none");

    private final String key;
    private final String defaultValue;
    private final String sentence;

    ConfigKey(final String key, final String defaultValue, final String sentence) {
        this.key = key;
        this.defaultValue = defaultValue;
        this.sentence = sentence;
    }

    /**
     * The key as files and the command line write it.
     *
     * @return lower case with dashes.
     */
    public String key() {
        return key;
    }

    /**
     * The value when nobody sets it.
     *
     * @return as it would be written.
     */
    public String defaultValue() {
        return defaultValue;
    }

    /**
     * What it means, with its values.
     *
     * @return a sentence for people.
     */
    public String sentence() {
        return sentence;
    }

    /**
     * The setting of a name.
     *
     * @param key as written.
     * @return the setting.
     * @throws IllegalArgumentException if there is none; names the closest one.
     */
    public static ConfigKey of(final String key) {
        final String wanted = key.toLowerCase(Locale.ROOT).replace('_', '-');
        for (final ConfigKey candidate : values()) {
            if (candidate.key.equals(wanted)) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("unknown setting '" + key + "' (settings: "
            + String.join(", ", Arrays.stream(values()).map(ConfigKey::key).toList()) + ")");
    }
}
