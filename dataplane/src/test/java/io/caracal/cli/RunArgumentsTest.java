package io.caracal.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import io.caracal.dataplane.ConfigKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The plain reading of {@code run}'s options against the parser, which is the authority. */
class RunArgumentsTest {
    private static final Set<String> PARSER_ONLY = Set.of("--help", "--version", "--settings");

    private static RunArguments parsed(final List<String> words) {
        final CommandLine commandLine = CaracalCommand.commandLine();
        final CommandLine.ParseResult result = commandLine.parseArgs(words.toArray(String[]::new));
        return ((RunCommand)result.subcommand().commandSpec().userObject()).arguments();
    }

    private static List<String> everyOption() {
        final List<String> words = new ArrayList<>(List.of("run"));
        for (final OptionSpec option : CaracalCommand.commandLine().getSubcommands().get("run").getCommandSpec()
            .options()) {
            if (!PARSER_ONLY.contains(option.longestName())) {
                words.add(option.longestName());
                if (option.arity().max() > 0) {
                    words.add("--set".equals(option.longestName()) ? "ring-depth=512" : "value-of" + words.size());
                }
            }
        }
        return words;
    }

    @Test
    void shouldReadEveryOptionAsTheParserDoes() {
        final List<String> words = everyOption();
        assertTrue(words.size() > 12, words.toString());
        assertEquals(Optional.of(parsed(words)), RunArguments.plain(words), words.toString());
    }

    @Test
    void shouldReadSettingsWithEqualsSignsInTheirValues() {
        final List<String> words = List.of("run", "--set", "a=b=c", "--set", "d=", "--node", "n");
        assertEquals(Optional.of(parsed(words)), RunArguments.plain(words));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "status", "run --help", "run -h", "run --settings", "run --no-such-option x",
        "run --node", "run --node=n", "run --node a --node b", "run --set novalue", "run --set a=1 --set a=2",
        "run --node -x", "run stray", "run --allow-unenforced-host-endpoints --allow-unenforced-host-endpoints", "run --exit-on-stdin-close --exit-on-stdin-close"})
    void shouldLeaveEverythingElseToTheParser(final String line) {
        final List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));
        assertEquals(Optional.empty(), RunArguments.plain(words));
    }

    @Test
    void shouldTakeManifestsOftenAndFelixWhereThereAreNone(@TempDir final Path folder) throws IOException {
        final Path file = Files.createFile(folder.resolve("pods.yaml"));
        final List<String> words =
            List.of("run", "--node", "n", "--manifests", folder.toString(), "--manifests", file.toString());
        assertEquals(Optional.of(parsed(words)), RunArguments.plain(words));
        assertEquals(List.of(folder, file), parsed(words).conclude().paths(ConfigKey.MANIFESTS));
        final List<String> bare = List.of("run", "--node", "n");
        assertEquals(List.of(), parsed(bare).conclude().paths(ConfigKey.MANIFESTS));
    }

    @Test
    void shouldRefuseBothFelixAndManifests(@TempDir final Path folder) {
        final RunArguments arguments = RunArguments.plain(List.of("run", "--node", "n", "--felix", "felix.sock",
            "--manifests", folder.toString())).orElseThrow();
        final IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class, arguments::conclude);
        assertEquals("setting felix=felix.sock and setting manifests=" + folder
            + " exclude each other: one says what runs here", wrong.getMessage());
        assertEquals(ExitCode.WRONG_USE, Failures.exitCode(wrong));
    }

    @Test
    void shouldKnowNoShorthandThatTheParserDoesNot() {
        final Set<String> known = CaracalCommand.commandLine().getSubcommands().get("run").getCommandSpec().options()
            .stream().map(OptionSpec::longestName).collect(Collectors.toSet());
        assertTrue(known.containsAll(RunArguments.SHORTHANDS.keySet()), known.toString());
    }
}
