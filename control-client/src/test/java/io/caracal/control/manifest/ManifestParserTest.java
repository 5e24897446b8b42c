package io.caracal.control.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.caracal.control.ControlException;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values mean what they mean to Jackson's YAML parser, which most tools of Kubernetes' kind in Java read by. */
class ManifestParserTest {
    private static final YAMLMapper JACKSON = new YAMLMapper();
    private static final int DOCUMENTS = 2000;
    private static final String[] WORDS = {"true", "no", "On", "y", "null", "~", "12", "-7", "0x1F", "0o17", "017", "1_000",
        "1.5", ".5", "1e3", "6.02E+23", "10:30", "2001-12-14", "10.65.0.7", "fd00::1", "06:b8:74:2f:5a:18", "'12'",
        "\"true\"", "''", "a b", "!!str 12", "!!int '12'", "!!float 3", "!!bool yes", "+12", "0b101", "''''",
        "123456789012345678901234567890", "-0", "0", "00", "<<", "=", "0.0.0.0/0", "1__2", "!x y", "!!null x"};

    @ParameterizedTest
    @ValueSource(strings = {"true", "True", "TRUE", "tRue", "yes", "No", "on", "OFF", "y", "N", "null", "Null", "~", "",
        "0", "-0", "+5", "7", "-12", "1_000", "0x1f", "0XFF", "-0x10", "0b11", "-0b_1", "017", "-017", "0_7", "08", "09.5",
        "1.5", "-1.5", "1.", ".5", "1e3", "1.0e+3", "1_0.5", "12:30:45", "!!int abc12", "2001-12-14", "10.65.0.7",
        "fd00::/8", "4294967296", "9223372036854775808", "-9223372036854775809", "'5'", "\"5\"", "'yes'", "|\n  5",
        ">\n  a\n  b", "!!str 5", "!!int 5", "!!int '0x5'", "!!float 5", "!!bool 'on'", "!!bool maybe", "!!null 5", "! 5",
        "!custom 5", "<<", "=", "[]", "{}", "[1, [2, {a: b}]]"})
    void shouldReadAScalarAsJacksonDoes(final String text) throws JsonProcessingException {
        final String document = "value: " + text + "\n";

        assertEquals(described(JACKSON.readTree(document)), described(only(document)), document);
    }

    @ParameterizedTest
    @ValueSource(strings = {".inf", "-.INF", ".nan", "190:20:30.15", "!!float x", "!!binary aGVsbG8="})
    void shouldRefuseAScalarThatNoFieldCanHold(final String text) {
        final String document = "a: 1\nvalue: " + text + "\n";

        final ControlException refusal =
            assertThrows(ControlException.class, () -> ManifestParser.parse("f.yaml", document), document);

        assertTrue(refusal.getMessage().startsWith("f.yaml:2: "), refusal.getMessage());
    }

    @Test
    void shouldRefuseANumberThatTakesLongToRead() {
        final String document = "value: " + "9".repeat(1001) + "\n";

        final ControlException refusal =
            assertThrows(ControlException.class, () -> ManifestParser.parse("f.yaml", document));

        assertEquals("f.yaml:1: a number of 1001 letters is too long", refusal.getMessage());
    }

    @Test
    void shouldRefuseManyLevels() {
        final String allowed = "a: " + "[".repeat(31) + "]".repeat(31) + "\n";
        final String tooMany = "a: " + "[".repeat(32) + "]".repeat(32) + "\n";

        assertEquals(1, ManifestParser.parse("f.yaml", allowed).size());
        final ControlException refusal =
            assertThrows(ControlException.class, () -> ManifestParser.parse("f.yaml", tooMany));
        assertEquals("f.yaml:1: not readable as YAML: more than 32 levels", refusal.getMessage());
    }

    @Test
    void shouldRefuseANameThatIsNoText() {
        final ControlException refusal =
            assertThrows(ControlException.class, () -> ManifestParser.parse("f.yaml", "a: 1\n? [b]\n: 2\n"));

        assertEquals("f.yaml:2: not readable as YAML: a field's name must be text", refusal.getMessage());
    }

    @Test
    void shouldReadRandomDocumentsAsJacksonDoes() throws JsonProcessingException {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int n = 0; n < DOCUMENTS; n++) {
            final StringBuilder text = new StringBuilder("root:\n");
            write(text, random, 1);
            final String document = text.toString();
            final String expected = described(JACKSON.readTree(document));

            assertEquals(expected, described(only(document)), "seed " + seed + ":\n" + document);
        }
    }

    private static void write(final StringBuilder text, final Random random, final int level) {
        final boolean isList = random.nextBoolean();
        for (int n = 0; n <= random.nextInt(4); n++) {
            text.append("  ".repeat(level)).append(isList ? "-" : "field" + n + ":");
            if (level < 5 && random.nextInt(3) == 0) {
                text.append('\n');
                write(text, random, level + 1);
            } else {
                text.append(' ').append(WORDS[random.nextInt(WORDS.length)]).append('\n');
            }
        }
    }

    private static JsonNode only(final String document) {
        final List<ManifestObject> objects = ManifestParser.parse("f.yaml", document);
        assertEquals(1, objects.size(), document);
        return objects.getFirst().root();
    }

    /** Whole numbers by their value alone: Jackson makes the smallest node that holds one. */
    private static String described(final JsonNode node) {
        if (node.isObject()) {
            final TreeMap<String, String> fields = new TreeMap<>();
            node.properties().forEach(field -> fields.put(field.getKey(), described(field.getValue())));
            return fields.toString();
        }
        if (node.isArray()) {
            return node.valueStream().map(ManifestParserTest::described).toList().toString();
        }
        if (node.isNumber()) {
            return node.isIntegralNumber() ? node.bigIntegerValue().toString() : "real " + node.doubleValue();
        }
        return node.isTextual() ? "text " + node.textValue() : node.toString();
    }
}
