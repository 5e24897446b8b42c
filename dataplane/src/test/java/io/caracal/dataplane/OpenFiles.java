package io.caracal.dataplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What a process has open, by what its descriptors point at, without the kernel's numbers; sorted. */
final class OpenFiles {
    private static final int POLL_MS = 50;
    private static final int SAME_COUNT = 10;

    private OpenFiles() {
    }

    /**
     * As of now.
     *
     * @param process its number, or {@code self}.
     * @param pattern of the targets that count.
     */
    static List<String> of(final String process, final String pattern) throws IOException {
        final List<String> targets = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc", process, "fd"))) {
            for (final Path descriptor : descriptors.toList()) {
                targets.add(target(descriptor).replaceAll("\\[\\d+]", ""));
            }
        }
        return targets.stream().filter(target -> target.matches(pattern)).sorted().toList();
    }

    /** What half a second does not change: whoever asks another program has pipes that go with it. */
    static List<String> settled(final String process, final String pattern) throws Exception {
        List<String> settled = of(process, pattern);
        for (int sameCount = 0; sameCount < SAME_COUNT; sameCount++) {
            Thread.sleep(POLL_MS);
            final List<String> now = of(process, pattern);
            if (!now.equals(settled)) {
                settled = now;
                sameCount = -1;
            }
        }
        return settled;
    }

    private static String target(final Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (final IOException closedMeanwhile) {
            return "";
        }
    }
}
