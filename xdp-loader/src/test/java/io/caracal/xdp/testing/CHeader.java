package io.caracal.xdp.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Enumerations and structures as a header of the programs has them.
 *
 * @param text of the header.
 */
public record CHeader(String text) {
    private static final int ADDRESS_SIZE = 20;

    public static CHeader read(final String name) throws IOException {
        return new CHeader(Files.readString(Path.of("src/main/bpf", name)));
    }

    public Map<String, Integer> enumeration(final String name) {
        final Map<String, Integer> constants = new LinkedHashMap<>();
        final Matcher constant = Pattern.compile("(\\w+) = (\\d+),").matcher(body("enum " + name));
        while (constant.find()) {
            constants.put(constant.group(1), Integer.valueOf(constant.group(2)));
        }
        return constants;
    }

    /** Where each field of a struct without bit fields is, and {@code sizeof}; of other structs only struct address. */
    public Map<String, Integer> fieldOffsets(final String struct) {
        final Map<String, Integer> offsets = new LinkedHashMap<>();
        int offset = 0;
        int alignmentMax = 1;
        final Matcher field = Pattern.compile("(?:__u(8|16|32|64)|struct address) (\\w+)(?:\\[(\\d+)\\])?;")
            .matcher(body("struct " + struct));
        while (field.find()) {
            final boolean isAddress = field.group(1) == null;
            final int alignment = isAddress ? Integer.BYTES : Integer.parseInt(field.group(1)) / Byte.SIZE;
            offset = (offset + alignment - 1) / alignment * alignment;
            offsets.put(field.group(2), offset);
            final int count = field.group(3) == null ? 1 : Integer.parseInt(field.group(3));
            offset += (isAddress ? ADDRESS_SIZE : alignment) * count;
            alignmentMax = Math.max(alignmentMax, alignment);
        }
        offsets.put("sizeof", (offset + alignmentMax - 1) / alignmentMax * alignmentMax);
        return offsets;
    }

    public boolean defines(final String name, final int value) {
        return defines(name, Integer.toString(value));
    }

    /** The same for a value as it is written there. */
    public boolean defines(final String name, final String value) {
        return text.contains("#define " + name + " " + value + "\n");
    }

    private String body(final String declaration) {
        final Matcher body = Pattern.compile(declaration + " \\{(.*?)\\n\\}", Pattern.DOTALL).matcher(text);
        assertTrue(body.find(), declaration);
        return body.group(1);
    }
}
