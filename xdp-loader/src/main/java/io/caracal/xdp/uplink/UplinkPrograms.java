package io.caracal.xdp.uplink;

import io.caracal.xdp.BpfMap;
import io.caracal.xdp.BpfObject;
import io.caracal.xdp.BpfObjectSpec;
import io.caracal.xdp.BpfProgram;
import io.caracal.xdp.MapAdoption;
import io.caracal.xdp.MapCodec;
import io.caracal.xdp.PerCpuBpfMap;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.XskMap;
import io.caracal.xdp.punt.PuntPrograms;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * {@code uplink.bpf.o} in this kernel: which packets of uplinks are for pods. It shares the maps of a {@link
 * PuntPrograms}, which must be open as long as this is. One control thread loads, changes and closes it; reading
 * counters is for any thread. Hooks are {@link UplinkHooks}'. With a pin directory the maps outlive it, and the next
 * load goes on with their entries.
 *
 * <pre>{@code
 * try (UplinkPrograms uplinks = UplinkPrograms.load(pins, punt, UplinkLimits.DEFAULT, false)) {
 *     uplinks.configure(new UplinkConfig(4096, 4789, nodeAddress, null, true));
 *     uplinks.putLocalAddress(podAddress, caliIfindex);
 *     uplinks.putVtep(otherNode);
 * }
 * }</pre>
 *
 * <p>CAP_BPF and CAP_NET_ADMIN.
 */
public final class UplinkPrograms implements AutoCloseable {
    private static final int CONFIG_KEY = 0;
    private static final int PRESENT = 1;
    private static final String SINGLE_BUFFER = "steer_uplink";
    private static final String MULTI_BUFFER = "steer_uplink_frags";
    private static final List<String> SHARED_MAPS =
        List.of("config", "workloads", "workload_traffic", "counters", "devices", "miss_buckets", "xsks",
            "flow_cache", "cache_state", "openings", "opened_flows");

    private final BpfObject object;
    private final boolean isMultiBuffer;
    private final BpfMap<Integer, UplinkConfig> config;
    private final BpfMap<Integer, UplinkDevice> devices;
    private final BpfMap<InetAddress, Integer> localAddresses;
    private final BpfMap<InetAddress, Integer> vteps;
    private final BpfMap<NatBinding, Integer> natBindings;
    private final PerCpuBpfMap<Integer, Long> counters;
    private final XskMap sockets;

    private UplinkPrograms(final BpfObject object, final PuntPrograms punt, final boolean isMultiBuffer) {
        this.object = object;
        this.isMultiBuffer = isMultiBuffer;
        config = object.map("uplink_config").typed(MapCodec.U32, UplinkConfig.CODEC);
        devices = punt.map("devices").typed(MapCodec.U32, UplinkDevice.CODEC);
        localAddresses = object.map("local_addresses").typed(AddressCodec.INSTANCE, MapCodec.U32);
        vteps = object.map("vteps").typed(AddressCodec.INSTANCE, MapCodec.U32);
        natBindings = object.map("nat_bindings").typed(NatBinding.CODEC, MapCodec.U32);
        counters = object.map("uplink_counters").perCpu(MapCodec.U32, MapCodec.U64, Long::sum);
        sockets = object.xskMap("uplink_xsks");
    }

    /**
     * Loads the programs.
     *
     * @param pins where the maps of an earlier engine are, and these will be; null for maps that go with the close.
     * @param punt whose maps they share.
     * @param limits room in the maps; other numbers than the earlier engine's lose its entries.
     * @param isMultiBuffer whether packets may come in several buffers (jumbo frames; Linux 5.18, and sockets with
     *     XDP_USE_SG: others drop what has more than one).
     * @return the programs, to be closed; nothing is attached yet.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses a program.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of the load.
     */
    public static UplinkPrograms load(final PinDirectory pins, final PuntPrograms punt, final UplinkLimits limits,
        final boolean isMultiBuffer) {
        BpfObjectSpec spec = BpfObjectSpec.fromResource("uplink", UplinkPrograms.class, "/bpf/uplink.bpf.o")
            .withMapSize("local_addresses", limits.localAddresses()).withMapSize("vteps", limits.vteps())
            .withMapSize("nat_bindings", limits.natBindings())
            .withoutProgram(isMultiBuffer ? SINGLE_BUFFER : MULTI_BUFFER);
        for (final String map : SHARED_MAPS) {
            spec = spec.withSharedMap(punt.map(map));
        }
        final BpfObject object = pins == null ? BpfObject.load(spec) : BpfObject.load(spec, pins);
        return new UplinkPrograms(object, punt, isMultiBuffer);
    }

    /**
     * What became of the maps of an earlier engine.
     *
     * @return one for each map; empty without pins.
     */
    public List<MapAdoption> adoptions() {
        return object.adoptions();
    }

    /**
     * XDP of an uplink.
     *
     * @return the program for one buffer or for several, as it was loaded.
     */
    public BpfProgram steer() {
        return object.program(isMultiBuffer ? MULTI_BUFFER : SINGLE_BUFFER);
    }

    /**
     * tc egress of an uplink or overlay device.
     *
     * @return the program {@code to_network}.
     */
    public BpfProgram toNetwork() {
        return object.program("to_network");
    }

    /**
     * tc ingress of an overlay device, and of an uplink in the mode {@link UplinkMode#KERNEL}.
     *
     * @return the program {@code from_network}.
     */
    public BpfProgram fromNetwork() {
        return object.program("from_network");
    }

    /**
     * tc ingress of an uplink with XDP, where there is a flow cache.
     *
     * @return the program {@code from_uplink}.
     */
    public BpfProgram fromUplink() {
        return object.program("from_uplink");
    }

    /**
     * Tells the programs about this node's overlay.
     *
     * @param value the whole configuration.
     */
    public void configure(final UplinkConfig value) {
        config.update(CONFIG_KEY, value);
    }

    /**
     * What the programs know about this node's overlay.
     *
     * @return the configuration; {@link UplinkConfig#WITHOUT_OVERLAY} where none was ever written.
     */
    public UplinkConfig config() {
        return config.lookup(CONFIG_KEY).orElseThrow();
    }

    /**
     * The sockets of uplinks, by {@link UplinkDevice#queueBase()} and receive queue.
     *
     * @return the map; an entry's socket must be bound to that device and queue.
     */
    public XskMap sockets() {
        return sockets;
    }

    /**
     * Adds an uplink or overlay device or changes it; before its programs are attached.
     *
     * @param ifindex the device.
     * @param device what the programs need.
     * @throws io.caracal.bindings.NativeCallException E2BIG when there are {@link UplinkDevice#DEVICES_MAX}.
     */
    public void putDevice(final int ifindex, final UplinkDevice device) {
        devices.update(ifindex, device);
    }

    /**
     * Forgets a device: programs that are still on it let everything pass, but unpoliced packets of pods.
     *
     * @param ifindex the device.
     * @return whether it was there.
     */
    public boolean removeDevice(final int ifindex) {
        return devices.delete(ifindex);
    }

    /**
     * All devices; those of an earlier engine after a load that adopted its maps.
     *
     * @return by ifindex.
     */
    public Map<Integer, UplinkDevice> devices() {
        final Map<Integer, UplinkDevice> all = new TreeMap<>();
        devices.forEach(all::put);
        return all;
    }

    /**
     * Lets packets to an address reach the engine, and keeps packets from it from leaving unpoliced.
     *
     * @param address of a workload on this node.
     * @param ifindex the host side of its veth.
     * @throws io.caracal.bindings.NativeCallException E2BIG when there are as many as the load made room for.
     */
    public void putLocalAddress(final InetAddress address, final int ifindex) {
        localAddresses.update(address, ifindex);
    }

    /**
     * Forgets the address of a workload.
     *
     * @param address of a workload that is gone.
     * @return whether it was there.
     */
    public boolean removeLocalAddress(final InetAddress address) {
        return localAddresses.delete(address);
    }

    /**
     * The addresses of local workloads; those of an earlier engine after a load that adopted its maps.
     *
     * @return with the ifindex of each.
     */
    public Map<String, Integer> localAddresses() {
        final Map<String, Integer> all = new TreeMap<>();
        localAddresses.forEach((address, ifindex) -> all.put(address.getHostAddress(), ifindex));
        return all;
    }

    /**
     * Accepts VXLAN from a node.
     *
     * @param address outer address of the node.
     * @throws io.caracal.bindings.NativeCallException E2BIG when there are as many as the load made room for.
     */
    public void putVtep(final InetAddress address) {
        vteps.update(address, PRESENT);
    }

    /**
     * Accepts VXLAN from a node no more.
     *
     * @param address outer address of the node.
     * @return whether it was there.
     */
    public boolean removeVtep(final InetAddress address) {
        return vteps.delete(address);
    }

    /**
     * The nodes that VXLAN is accepted from.
     *
     * @return their addresses as text, sorted.
     */
    public Set<String> vteps() {
        final Set<String> all = new TreeSet<>();
        vteps.forEach((address, present) -> all.add(address.getHostAddress()));
        return all;
    }

    /**
     * The translations of NAT-outgoing, to be looked at, and swept after a crash; workers have {@link #bindingWriter}.
     *
     * @return the map; a value is the worker that wrote it.
     */
    public BpfMap<NatBinding, Integer> natBindings() {
        return natBindings;
    }

    /**
     * A way for one worker to write translations on its path.
     *
     * @param worker its number, which is written with each.
     * @return a writer of that worker's own.
     */
    public NatBindingWriter bindingWriter(final int worker) {
        return new NatBindingWriter(natBindings.handle().fd(), worker);
    }

    /**
     * What the programs have counted since their maps were made.
     *
     * @return every counter, zeros too.
     */
    public Map<UplinkCounter, Long> counters() {
        final Map<UplinkCounter, Long> all = new EnumMap<>(UplinkCounter.class);
        for (final UplinkCounter counter : UplinkCounter.values()) {
            all.put(counter, counter(counter));
        }
        return all;
    }

    /**
     * One of the counters.
     *
     * @param counter which.
     * @return since the maps were made.
     */
    public long counter(final UplinkCounter counter) {
        return counters.lookup(counter.id()).orElseThrow();
    }

    /**
     * What the programs know of a device.
     *
     * @param ifindex the device.
     * @return the device, or nothing.
     */
    public Optional<UplinkDevice> device(final int ifindex) {
        return devices.lookup(ifindex);
    }

    /** Frees the descriptors. What is attached goes on working; maps that are not pinned live as long as that. */
    @Override
    public void close() {
        object.close();
    }
}
