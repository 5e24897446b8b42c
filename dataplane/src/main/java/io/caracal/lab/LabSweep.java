package io.caracal.lab;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

import io.caracal.bindings.NetNamespace;

/**
 * Removes what labs left behind whose process was killed: processes in their namespaces, the namespaces with all
 * interfaces in them, mounts and folders. Labs whose process lives are not touched. Any thread; needs root.
 */
public final class LabSweep {
    private static final Path NAMESPACES = Path.of("/run/netns");

    private LabSweep() {
    }

    /**
     * Sweeps the machine.
     *
     * @return what was removed; all zero where nothing was left.
     */
    public static Swept sweep() {
        int labCount = 0;
        int namespaceCount = 0;
        int processCount = 0;
        for (final LabDirectory directory : LabDirectory.all()) {
            if (!directory.isOwnerAlive()) {
                final Set<String> names = namespacesBeginningWith(directory.namespacePrefix());
                processCount += LabProcesses.endAllIn(names);
                names.forEach(NetNamespace::delete);
                directory.remove();
                namespaceCount += names.size();
                labCount++;
            }
        }
        final Set<String> orphans = orphans();
        processCount += LabProcesses.endAllIn(orphans);
        orphans.forEach(NetNamespace::delete);
        return new Swept(labCount, namespaceCount + orphans.size(), processCount);
    }

    /** Namespaces of ours whose lab has no folder: it was removed by hand. */
    private static Set<String> orphans() {
        final Set<String> orphans = namespacesBeginningWith(LabDirectory.NAME_PREFIX);
        LabDirectory.all().forEach(lab -> orphans.removeIf(name -> name.startsWith(lab.namespacePrefix())));
        return orphans;
    }

    static Set<String> namespacesBeginningWith(final String prefix) {
        final Set<String> names = new HashSet<>(LabDirectory.namesIn(NAMESPACES));
        names.removeIf(name -> !name.startsWith(prefix));
        return names;
    }

    /**
     * What a sweep removed.
     *
     * @param labCount       labs whose owner is gone.
     * @param namespaceCount network namespaces.
     * @param processCount   processes that were still in them.
     */
    public record Swept(int labCount, int namespaceCount, int processCount) {
        /**
         * Whether there was anything.
         *
         * @return true if something was removed.
         */
        public boolean isAnything() {
            return labCount + namespaceCount + processCount > 0;
        }

        /**
         * What was removed.
         *
         * @return half a sentence for people.
         */
        @Override
        public String toString() {
            return "what " + labCount + " killed labs had left: " + namespaceCount + " network namespaces, "
                + processCount + " processes";
        }
    }
}
