package io.caracal.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.caracal.cli.CaracalMain;

/** How this process was started, to start another like it: same java, same flags, same classes, same AOT cache. */
final class JavaCommand {
    private static final Set<String> CLASS_PATH_FLAGS = Set.of("-cp", "-classpath", "--class-path");
    /** A second process must not do these again: wait for a debugger, or write a cache that this one is writing. */
    private static final List<String> OF_ONE_PROCESS = List.of("-agentlib:jdwp", "-Xrunjdwp", "-javaagent:",
        "-XX:AOTCacheOutput", "-XX:AOTConfiguration", "-XX:AOTMode");

    private JavaCommand() {
    }

    /**
     * The words before the command's own arguments.
     *
     * @return java, flags, and {@code -jar FILE} or {@code -cp PATH MAIN-CLASS}.
     */
    static List<String> ofThisProcess() throws IOException {
        final String[] words = Files.readString(Path.of("/proc/self/cmdline")).split("\0");
        final String java = ProcessHandle.current().info().command().orElse(words[0]);
        return of(java, List.of(words), System.getProperty("java.class.path"));
    }

    static List<String> of(final String java, final List<String> words, final String classPath) {
        final List<String> command = new ArrayList<>(List.of(java));
        int i = 1;
        while (i < words.size() && !"-jar".equals(words.get(i)) && !CLASS_PATH_FLAGS.contains(words.get(i))
            && !words.get(i).equals(CaracalMain.class.getName())) {
            final String word = words.get(i++);
            if (OF_ONE_PROCESS.stream().noneMatch(word::startsWith)) {
                command.add(word);
            }
        }
        if (i + 1 < words.size() && "-jar".equals(words.get(i)) && words.get(i + 1).equals(classPath)) {
            command.addAll(List.of("-jar", classPath));
        } else {
            command.addAll(List.of("-cp", classPath, CaracalMain.class.getName()));
        }
        return command;
    }
}
