package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.UnionLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The C compiler is the oracle: sizes and offsets of every generated structure, those to come included. */
class LayoutTest {
    private static final Path INPUTS = Path.of("src/main/jextract").toAbsolutePath();
    private static final String STRUCT_OPTION = "--include-struct ";

    @ParameterizedTest
    @ValueSource(strings = {"libc", "kernel", "libbpf"})
    void shouldAgreeWithTheCompiler(final String header, @TempDir final Path folder) throws Exception {
        final Map<String, Long> expected = new TreeMap<>();
        for (final String struct : structs(header)) {
            final GroupLayout layout = layout(struct);
            expected.put("sizeof(struct " + struct + ')', layout.byteSize());
            addMembers(struct, layout, 0, expected);
        }

        assertTrue(expected.size() > 3, expected.toString());
        assertEquals(expected, compiled(header, expected.keySet(), folder));
    }

    @ParameterizedTest
    @ValueSource(strings = {"io/caracal/bindings/gen"})
    void shouldCoverEveryGeneratedStructure(final String generated) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/java", generated))) {
            final List<String> found = files.map(file -> file.getFileName().toString().replace(".java", ""))
                .filter(name -> !name.endsWith("_h") && !name.endsWith("$shared")).sorted().toList();
            final List<String> covered = Stream.of("libc", "kernel", "libbpf").map(LayoutTest::structs)
                .flatMap(List::stream).sorted().toList();
            assertEquals(found, covered);
        }
    }

    private static List<String> structs(final String header) {
        try (Stream<String> lines = Files.lines(INPUTS.resolve(header + ".includes"))) {
            return lines.filter(line -> line.startsWith(STRUCT_OPTION))
                .map(line -> line.substring(STRUCT_OPTION.length())).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static GroupLayout layout(final String struct) throws ReflectiveOperationException {
        return (GroupLayout)Class.forName("io.caracal.bindings.gen." + struct).getMethod("layout").invoke(null);
    }

    /** Members of unnamed structs and unions are members of what they are in. */
    private static void addMembers(final String struct, final GroupLayout group, final long start,
        final Map<String, Long> offsets) {
        long offset = start;
        for (final MemoryLayout member : group.memberLayouts()) {
            final String name = member.name().orElse("$");
            if (member instanceof final GroupLayout nested && name.contains("$")) {
                addMembers(struct, nested, offset, offsets);
            } else if (!(member instanceof PaddingLayout)) {
                offsets.put("offsetof(struct " + struct + ", " + name + ')', offset);
            }
            offset += group instanceof UnionLayout ? 0 : member.byteSize();
        }
    }

    private static Map<String, Long> compiled(final String header, final Iterable<String> expressions,
        final Path folder) throws IOException, InterruptedException {
        final StringBuilder source = new StringBuilder("#include \"caracal_" + header + ".h\"\n"
            + "#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n");
        for (final String expression : expressions) {
            source.append("    printf(\"%s=%zu\\n\", \"").append(expression).append("\", (size_t)").append(expression)
                .append(");\n");
        }
        final Path file = folder.resolve("layout.c");
        Files.writeString(file, source.append("    return 0;\n}\n"));
        final Path program = folder.resolve("layout");
        run("cc", "-I", INPUTS.toString(), "-o", program.toString(), file.toString());
        final Map<String, Long> values = new TreeMap<>();
        for (final String line : run(program.toString()).lines().toList()) {
            final int equals = line.lastIndexOf('=');
            values.put(line.substring(0, equals), Long.parseLong(line.substring(equals + 1)));
        }
        return values;
    }

    private static String run(final String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), String.join(" ", command) + '\n' + output);
        return output;
    }
}
