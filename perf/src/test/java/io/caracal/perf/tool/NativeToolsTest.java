package io.caracal.perf.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.BenchException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NativeToolsTest {
    private static NativeTools tools;

    @BeforeAll
    static void open() throws Exception {
        tools = NativeTools.open();
    }

    @AfterAll
    static void remove() {
        final Path directory = tools.generator().getParent();
        tools.close();
        assertFalse(Files.exists(directory), "the sources and programs are still there");
    }

    private static String failureOf(final Path program, final String... arguments) throws Exception {
        final List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        try (ToolProcess process = ToolProcess.start(program.getFileName().toString(), command)) {
            return assertThrows(BenchException.class, () -> process.readLine(10_000)).getMessage();
        }
    }

    private static String refusal(final String compiler) throws Exception {
        try (NativeTools refused = NativeTools.open(compiler)) {
            return assertThrows(BenchException.class, refused::twin).getMessage();
        }
    }

    @Test
    void shouldSayWhatToInstallWhenThereIsNoCompiler() throws Exception {
        assertEquals("compile cfwd with no-such-cc: there is no such compiler"
            + " (apt-get install gcc libc6-dev, or set CC)", refusal("no-such-cc"));
    }

    @Test
    void shouldShowWhatACompilerSaysThatRefuses() throws Exception {
        final String refusal = refusal("false");
        assertTrue(refusal.startsWith("compile cfwd with false: exit code 1"), refusal);
    }

    @Test
    void shouldRefuseWrongUseWithStatusTwoAndTheReason() throws Exception {
        assertEquals("xskgen ended with exit code 2:\n  xskgen: send needs --interface",
            failureOf(tools.generator(), "send"));
        assertEquals("xskgen ended with exit code 2:\n  xskgen: unknown option '--speed'",
            failureOf(tools.generator(), "send", "--speed", "9"));
        assertEquals("xskgen ended with exit code 2:\n"
            + "  xskgen: --flows takes a whole number from 1 to 65536, not '0'",
            failureOf(tools.generator(), "send", "--flows", "0"));
        assertEquals("xskgen ended with exit code 2:\n  xskgen: --stamp 1 needs --length 62 or more",
            failureOf(tools.generator(), "send", "--interface", "lo", "--length", "50", "--stamp", "1"));
        assertEquals("xskgen ended with exit code 2:\n  xskgen: '10.0.0' is no IPv4 address",
            failureOf(tools.generator(), "send", "--interface", "lo", "--source", "10.0.0"));
        assertEquals("xskgen ended with exit code 2:\n  xskgen: '02:zz' is no MAC address",
            failureOf(tools.generator(), "send", "--interface", "lo", "--source-mac", "02:zz"));
        assertEquals("xskgen ended with exit code 2:\n  xskgen: --backend is xdp or packet, not 'raw'",
            failureOf(tools.generator(), "receive", "--interface", "lo", "--backend", "raw"));
        assertEquals("cfwd ended with exit code 2:\n"
            + "  cfwd: cfwd needs --in, --out, --ingress-ifindex, --source and --destination",
            failureOf(tools.twin(), "--in", "lo"));
        assertEquals("cnode ended with exit code 2:\n  cnode: cnode needs --punt",
            failureOf(tools.node(), "--netns", "none"));
    }

    @Test
    void shouldNameTheInterfaceThatIsNotThere() throws Exception {
        final String failure = failureOf(tools.generator(), "receive", "--interface", "no-such-if");
        assertEquals("xskgen ended with exit code 3:\n  xskgen: find interface no-such-if: ENODEV"
            + " (No such device; is it in the namespace given by --netns?)", failure);
    }
}
