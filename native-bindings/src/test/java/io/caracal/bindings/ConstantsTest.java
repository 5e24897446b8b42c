package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.gen.kernel_h;
import io.caracal.bindings.gen.libbpf_h;
import io.caracal.bindings.gen.libc_h;
import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.Route;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The C headers are the oracle of every constant that is a literal in the door. */
class ConstantsTest {
    /** What Debian 12's headers (Linux 6.1) do not have; their values are those of Linux 6.18's headers. */
    private static final Set<String> NEWER_THAN_HEADERS = Set.of("XDP_USE_SG", "XDP_UMEM_TX_SW_CSUM",
        "XDP_UMEM_TX_METADATA_LEN", "XDP_MAX_TX_SKB_BUDGET", "XDP_PKT_CONTD", "XDP_TX_METADATA",
        "XDP_TXMD_FLAGS_TIMESTAMP", "XDP_TXMD_FLAGS_CHECKSUM", "BPF_TCX_INGRESS", "BPF_TCX_EGRESS",
        "BPF_LINK_TYPE_TCX", "BPF_F_BEFORE", "BPF_F_AFTER", "MADV_COLLAPSE");

    /** What no C header has under this name. Lengths and offsets of descriptors are asserted by AfXdp itself. */
    private static final Set<String> OUR_OWN = Set.of("AfXdp.DESC_ADDR_OFFSET", "AfXdp.DESC_LENGTH",
        "AfXdp.DESC_LEN_OFFSET", "AfXdp.DESC_OPTIONS_OFFSET", "AfXdp.TX_METADATA_CSUM_OFFSET_OFFSET",
        "AfXdp.TX_METADATA_CSUM_START_OFFSET", "AfXdp.TX_METADATA_FLAGS_OFFSET", "AfXdp.TX_METADATA_LENGTH",
        "AfXdp.UMEM_REG_TX_METADATA_LENGTH_OFFSET", "AfXdp.XDP_PACKET_HEADROOM", "BpfPrograms.NAME_LENGTH",
        "ConntrackEntry.TCP_ESTABLISHED", "ConntrackEntry.TCP_LAST_ACK", "ConntrackEntry.TCP_SYN_RECV",
        "Errno.LIBBPF_START", "Errno.TABLE_LENGTH", "Neighbour.MANAGED", "Neighbour.USABLE", "Route.PROTOCOL_BOOT", "Route.PROTOCOL_CALICO");

    @Test
    void shouldHaveTheValuesOfTheHeaders() throws ReflectiveOperationException {
        final Map<String, Number> headers = headers();
        final Set<String> missing = new TreeSet<>();
        final int compared = compare(Errno.class, headers, missing, "") + compare(Posix.class, headers, missing, "")
            + compare(AfXdp.class, headers, missing, "") + compare(BpfLinks.class, headers, missing, "")
            + compare(BpfHooks.class, headers, missing, "", "BPF_")
            + compare(BpfMaps.class, headers, missing, "BPF_", "BPF_MAP_")
            + compare(BpfPrograms.class, headers, missing, "BPF_PROG_")
            + compare(Neighbour.class, headers, missing, "NUD_", "NTF_")
            + compare(Route.class, headers, missing, "RTN_", "RT_")
            + compare(ConntrackEntry.class, headers, missing, "IPS_");

        assertTrue(compared > 190, "compared " + compared);
        missing.removeIf(name -> NEWER_THAN_HEADERS.contains(name.substring(name.indexOf('.') + 1)));
        assertEquals(OUR_OWN, missing);
    }

    private static int compare(final Class<?> door, final Map<String, Number> headers, final Set<String> missing,
        final String... prefixes) throws ReflectiveOperationException {
        int compared = 0;
        for (final Field field : door.getDeclaredFields()) {
            final boolean isNumber = field.getType() == int.class || field.getType() == long.class;
            if (!Modifier.isStatic(field.getModifiers()) || !isNumber) {
                continue;
            }
            field.setAccessible(true);
            final Number expected = Stream.of(prefixes).map(prefix -> headers.get(prefix + field.getName()))
                .filter(Objects::nonNull).findFirst().orElse(null);
            if (expected == null) {
                missing.add(door.getSimpleName() + '.' + field.getName());
                continue;
            }
            final long value = ((Number)field.get(null)).longValue();
            final boolean isWidened = field.getType() == long.class && expected instanceof Integer;
            assertEquals(isWidened ? Integer.toUnsignedLong(expected.intValue()) : expected.longValue(), value,
                field.toString());
            compared++;
        }
        return compared;
    }

    private static Map<String, Number> headers() throws ReflectiveOperationException {
        final Map<String, Number> values = new HashMap<>();
        for (final Class<?> header : new Class<?>[] {libc_h.class, kernel_h.class, libbpf_h.class}) {
            for (final Method method : header.getMethods()) {
                final boolean isNumber = method.getReturnType() == int.class || method.getReturnType() == long.class;
                final boolean isConstant = method.getName().matches("_?[A-Z][A-Za-z0-9_]+");
                if (isNumber && isConstant && method.getParameterCount() == 0) {
                    values.put(method.getName(), (Number)method.invoke(null));
                }
            }
        }
        return values;
    }
}
