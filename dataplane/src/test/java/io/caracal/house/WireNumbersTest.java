package io.caracal.house;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.burst.Direction;
import io.caracal.burst.EgressAction;
import io.caracal.port.PuntPort;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The packet path and the eBPF programs call directions and actions by the same numbers: caracal.h says which. */
class WireNumbersTest {
    private static final Path HEADER = Path.of("../xdp-loader/src/main/bpf/caracal.h");

    @Test
    void shouldHaveTheDirectionsOfTheHeader() throws Exception {
        assertEquals(header("DIRECTION_"), constants(Direction.class));
    }

    @Test
    void shouldHaveTheEgressActionsOfTheHeaderAndTheUplinksOwn() throws Exception {
        final Map<String, Integer> actions = constants(EgressAction.class);
        assertEquals(5, actions.remove("TO_UPLINK"), "never on the punt pair, so no number of the header's");
        assertEquals(6, actions.remove("TO_WORKER"), "neither is what one worker hands to another");
        assertEquals(header("EGRESS_"), actions);
        int bits = 0;
        for (final int action : actions.values()) {
            bits |= 1 << action;
        }
        assertEquals(bits, PuntPort.EGRESS_ACTIONS, "the punt port serves what the header has");
    }

    private static Map<String, Integer> header(final String prefix) throws IOException {
        final Map<String, Integer> found = new TreeMap<>();
        final Matcher line = Pattern.compile("\\b" + prefix + "(\\w+) = (\\d+),").matcher(Files.readString(HEADER));
        while (line.find()) {
            found.put(line.group(1), Integer.parseInt(line.group(2)));
        }
        return found;
    }

    private static Map<String, Integer> constants(final Class<?> type) throws IllegalAccessException {
        final Map<String, Integer> found = new TreeMap<>();
        for (final Field field : type.getDeclaredFields()) {
            if (Modifier.isPublic(field.getModifiers()) && field.getType() == byte.class) {
                found.put(field.getName(), (int)field.getByte(null));
            }
        }
        return found;
    }
}
