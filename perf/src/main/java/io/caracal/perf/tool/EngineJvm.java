package io.caracal.perf.tool;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.BenchException;

/** How the launcher starts the engine's virtual machine; a test holds the flags to the launcher's. */
public final class EngineJvm {
    /** The same for making and using the ahead-of-time cache, or the virtual machine refuses the cache. */
    public static final List<String> FLAGS = List.of("-XX:-PrintWarnings", "-XX:+UseShenandoahGC",
        "-XX:ShenandoahGCMode=generational", "-XX:+UnlockExperimentalVMOptions", "-XX:ShenandoahControlIntervalMin=100",
        "-XX:ShenandoahControlIntervalMax=100", "-XX:-ShenandoahPacing", "-Xms192m", "-Xmx1g",
        "-Dagrona.disable.bounds.checks=true", "-XX:-UsePerfData", "-XX:-UseFPUForSpilling",
        "-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTReplayTraining", "-XX:-AOTRecordTraining",
        "-XX:ArchiveRelocationMode=0", "-XX:Tier3MinInvocationThreshold=24", "-XX:Tier4InvocationThreshold=15000",
        "-XX:Tier4MinInvocationThreshold=2000", "-XX:Tier4CompileThreshold=30000");
    private static final Path TARGET = Path.of("dataplane", "target");

    private EngineJvm() {
    }

    /**
     * The words before the command's own arguments.
     *
     * @param home the project's directory.
     * @param more flags beside the launcher's: such as change no code.
     * @return java, flags, cache and jar.
     * @throws BenchException if the engine or its cache has not been built there.
     */
    public static List<String> command(final Path home, final String... more) {
        final Path jar = home.resolve(TARGET).resolve("caracal.jar");
        final Path cache = home.resolve(TARGET).resolve("caracal.aot");
        for (final Path needed : List.of(jar, cache)) {
            if (!Files.exists(needed)) {
                throw new BenchException("start the engine: " + needed + " is not there (run ./caracal build)");
            }
        }
        final List<String> command =
            new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(FLAGS);
        command.addAll(List.of(more));
        command.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off",
            "-Dcaracal.home=" + home, "-jar", jar.toString()));
        return command;
    }
}
