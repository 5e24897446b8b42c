package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import java.nio.file.Path;

/** Tables and images as the tests of this package need them. */
final class Tables {
    static final BootIdentity BOOT = new BootIdentity(0x1111, 0x2222);
    static final FlowTableConfig CONFIG = new FlowTableConfig(ConntrackTimeouts.DEFAULTS, 64, 42);
    static final long START_MS = 1_000_000;

    private Tables() {
    }

    static FlowImageSpec spec(final int ipVersion, final int capacity) {
        return new FlowImageSpec(ipVersion, capacity, 0, 1);
    }

    static FlowImage image(final Path directory, final int ipVersion, final int capacity) {
        return FlowImage.open(directory.resolve("flows" + ipVersion), spec(ipVersion, capacity), BOOT);
    }

    static Ipv4FlowTable ipv4(final FlowImage image) {
        return Ipv4FlowTable.open(image, CONFIG, FlowRemovalListener.NONE, START_MS);
    }

    static Ipv6FlowTable ipv6(final FlowImage image) {
        return Ipv6FlowTable.open(image, CONFIG, FlowRemovalListener.NONE, START_MS);
    }

    static Ipv4FlowSpec udp(final Ipv4FlowSpec spec, final long addresses, final int ports) {
        spec.reset(addresses, ports, IpProtocol.UDP);
        spec.state = FlowState.UNREPLIED;
        spec.nowMs = START_MS;
        return spec;
    }
}
