package io.caracal.control.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.caracal.control.ControlException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Strangers' bytes: whatever a manifest holds, it compiles or is refused with {@link ControlException}. */
class ManifestFuzzTest {
    private static final int CASES = Integer.getInteger("caracal.fuzz.cases", 20_000);
    private static final List<String> TOKENS = List.of("---\n", "...\n", "[", "]", "{", "}", ": ", "- ", "&a ",
        "*a", "<<: ", "!!binary ", "!!set ", "!x ", "| \n", "> \n", "? ", "%YAML 1.1\n", "\"", "'", "\t", "\u0000",
        "\ufeff", "\ud800", "\ud83d\ude00", "null", "~", "0x1F", "1e999", "99999999999999999999", "12:30:45",
        "2026-01-01", "yes", "\n", "  ", "\\u0000", "items:\n- ", "kind: List\n", "spec:\n", "ipNetworks: ", "mac: ",
        ".inf", "0o17", "1_000", "#");

    @Test
    void shouldCompileOrRefuseButNeverThrowAnythingElse() {
        final long seed = Long.getLong("caracal.fuzz.seed", System.nanoTime());
        final Random random = new Random(seed);
        final String valid = Manifests.WEB + "---\n" + Manifests.DB;
        int compiled = 0;
        int refused = 0;
        for (int i = 0; i < CASES; i++) {
            final String text = mutate(valid, random);
            try {
                Manifests.compile(text);
                compiled++;
            } catch (final ControlException e) {
                e.problems().forEach(problem -> assertTrue(problem.place().startsWith("f.yaml"), problem.toString()));
                assertFalse(e.problems().isEmpty());
                refused++;
            } catch (final RuntimeException | StackOverflowError e) {
                fail("seed " + seed + " case " + i + ":\n" + text, e);
            }
        }
        System.out.println("manifest fuzz: seed " + seed + ", compiled " + compiled + ", refused " + refused);
        assertEquals(CASES, compiled + refused);
        assertTrue(compiled > CASES / 100 && refused > CASES / 100, compiled + " compiled, " + refused + " refused");
    }

    private static String mutate(final String valid, final Random random) {
        final StringBuilder text = new StringBuilder(valid);
        for (int n = random.nextInt(4); n >= 0; n--) {
            final int at = random.nextInt(text.length());
            final int end = Math.min(text.length(), at + 1 + random.nextInt(12));
            switch (random.nextInt(6)) {
                case 0 -> text.delete(at, end);
                case 1 -> text.insert(at, TOKENS.get(random.nextInt(TOKENS.size())));
                case 2 -> text.replace(at, end, TOKENS.get(random.nextInt(TOKENS.size())));
                case 3 -> text.insert(at, text.substring(at, end));
                case 4 -> text.setCharAt(at, (char)random.nextInt(random.nextBoolean() ? 128 : 65536));
                default -> replaceWord(text, at, TOKENS.get(random.nextInt(TOKENS.size())));
            }
            if (text.isEmpty()) {
                return "";
            }
        }
        return text.toString();
    }

    /** Puts a token in place of a whole value, so that the decoder sees it rather than the parser. */
    private static void replaceWord(final StringBuilder text, final int at, final String token) {
        final int start = text.indexOf(": ", at);
        final int end = start < 0 ? -1 : text.indexOf("\n", start);
        if (end > 0) {
            text.replace(start + 2, end, token.strip());
        }
    }

    @Test
    void shouldRefuseNestingWithoutEnd() {
        for (final String opening : List.of("[", "{a: ", "- ")) {
            final String text = opening.repeat(100_000);
            try {
                Manifests.compile(text);
                fail("compiled " + opening);
            } catch (final ControlException e) {
                assertTrue(e.getMessage().startsWith("f.yaml"), e.getMessage());
            }
        }
    }
}
