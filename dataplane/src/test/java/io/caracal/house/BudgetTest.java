package io.caracal.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** Files and methods stay small enough to be read: the hard limits; the aims are lower. Generated code is exempt. */
class BudgetTest {
    private static final int FILE_MAX_LINES = 600;
    private static final int METHOD_MAX_LINES = 60;
    private static final int LINE_MAX_LENGTH = 120;
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final Pattern SIGNATURE = Pattern.compile(
        "^ {4}(?: {4})?(?! |return|new|throw|else|if|for|while|switch|catch|try|do|assert)[\\w@<][^=]*\\(.*");

    private static List<Path> sources() throws IOException {
        try (Stream<Path> all = Files.walk(ROOT)) {
            return all.filter(file -> file.toString().endsWith(".java"))
                .filter(file -> file.toString().contains("/src/main/java/"))
                .filter(file -> !file.toString().contains("/bindings/gen/"))
                .filter(file -> !file.toString().contains("/target/"))
                .toList();
        }
    }

    @Test
    void shouldKeepFilesAndLinesSmall() throws IOException {
        final List<String> tooLarge = new ArrayList<>();
        for (final Path file : sources()) {
            final List<String> lines = Files.readAllLines(file);
            if (lines.size() > FILE_MAX_LINES) {
                tooLarge.add(ROOT.relativize(file) + ": " + lines.size() + " lines");
            }
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).length() > LINE_MAX_LENGTH) {
                    tooLarge.add(ROOT.relativize(file) + ":" + (i + 1) + ": " + lines.get(i).length() + " columns");
                }
            }
        }
        assertEquals(List.of(), tooLarge);
    }

    @Test
    void shouldKeepMethodsSmall() throws IOException {
        final List<String> tooLarge = new ArrayList<>();
        int methodCount = 0;
        for (final Path file : sources()) {
            final List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (SIGNATURE.matcher(lines.get(i)).matches() && !lines.get(i).contains("->")) {
                    final int length = methodLength(lines, i);
                    methodCount++;
                    if (length > METHOD_MAX_LINES) {
                        tooLarge.add(ROOT.relativize(file) + ":" + (i + 1) + ": method of " + length + " lines");
                    }
                }
            }
        }
        assertTrue(methodCount > 100, "found only " + methodCount + " methods: the pattern no longer fits the style");
        assertEquals(List.of(), tooLarge);
    }

    /** Lines from a signature to the closing brace at its indentation; 1 for a method without a body. */
    private static int methodLength(final List<String> lines, final int first) {
        int opening = first;
        while (!lines.get(opening).endsWith("{")) {
            if (lines.get(opening).endsWith(";") || opening + 1 == lines.size()) {
                return 1;
            }
            opening++;
        }
        final String line = lines.get(first);
        final String closing = line.substring(0, line.length() - line.stripLeading().length()) + "}";
        final boolean isAnonymousClass = lines.get(opening).endsWith(") {") && lines.get(opening).contains(" new ");
        final int length = lines.subList(opening, lines.size()).indexOf(isAnonymousClass ? closing + ";" : closing);
        assertTrue(length > 0, () -> "no end of the method that begins with: " + line);
        return opening - first + length + 1;
    }
}
