package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

/** The README's table of settings is {@link ConfigKey}'s list, word for word. */
class SettingsTableTest {
    private static String row(final ConfigKey key) {
        return "| `" + key.key() + "` | `" + key.defaultValue() + "` | " + key.sentence() + " |";
    }

    @Test
    void shouldListEverySettingInTheReadme() throws IOException {
        final List<String> expected = new ArrayList<>();
        for (final ConfigKey key : ConfigKey.values()) {
            expected.add(row(key).replace("`` |", "|"));
        }

        final List<String> table = Files.readAllLines(Path.of("README.md")).stream()
            .dropWhile(line -> !line.equals("| Setting | Default | Meaning |"))
            .skip(2).takeWhile(line -> line.startsWith("|")).toList();

        assertEquals(String.join("\n", expected), String.join("\n", table));
    }
}
