package io.caracal.control.manifest;

import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import io.caracal.control.felix.FelixKey;
import io.caracal.control.felix.FelixState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Files of manifests → what Felix of one node would have said. Any thread, one at a time; keeps nothing between calls
 * but where to look.
 */
public final class ManifestLoader {
    private final List<ManifestFiles> files;
    private final String pathsText;
    private final String node;
    private final Map<String, String> overrides;

    /**
     * Says where to look.
     *
     * @param paths     files, and directories whose {@code *.yaml}, {@code *.yml} and {@code *.json} count; an object
     *                  of a later path stands in place of one of the same name in an earlier path.
     * @param node      the node's name.
     * @param overrides Felix settings that win over the manifests', as Felix's environment wins over its datastore.
     */
    public ManifestLoader(final List<Path> paths, final String node, final Map<String, String> overrides) {
        files = paths.stream().map(ManifestFiles::new).toList();
        pathsText = paths.stream().map(Path::toString).collect(Collectors.joining(", "));
        this.node = node;
        this.overrides = Map.copyOf(overrides);
    }

    /**
     * Where it reads.
     *
     * @return the paths, with commas between.
     */
    public String pathsText() {
        return pathsText;
    }

    /**
     * What the files looked like at one time: another content has other stamps.
     *
     * @param stamps of each path.
     */
    public record Stamps(List<?> stamps) {
        /** Copies the list. */
        public Stamps {
            stamps = List.copyOf(stamps);
        }
    }

    /**
     * What was compiled.
     *
     * @param state  everything that Felix would have said.
     * @param places file and line of an object.
     * @param notes  objects and fields that nothing is done about.
     */
    public record Loaded(FelixState state, Function<FelixKey, String> places, List<ControlProblem> notes) {
        /** Copies the list. */
        public Loaded {
            notes = List.copyOf(notes);
        }
    }

    /**
     * Looks at the files without reading them.
     *
     * @return equal to an earlier answer as long as nothing has changed.
     * @throws ControlException when a path cannot be read or holds too many files.
     */
    public Stamps stamps() {
        return new Stamps(files.stream().map(ManifestFiles::stamps).toList());
    }

    /**
     * Reads and compiles everything.
     *
     * @return the whole.
     * @throws ControlException with everything that is wrong, each with file, line and object.
     */
    public Loaded load() {
        final List<ManifestObject> objects = new ArrayList<>();
        final List<ControlProblem> problems = new ArrayList<>();
        for (final ManifestFiles each : files) {
            try {
                apply(objects, each.read(each.stamps()));
            } catch (final ControlException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new ControlException(problems);
        }
        return compile(objects, node, overrides);
    }

    /** As if applied one after the other: an object of a later path stands in place of the one of that name before. */
    private static void apply(final List<ManifestObject> objects, final List<ManifestObject> later) {
        final Set<String> names = later.stream().map(ManifestObject::identity).collect(Collectors.toSet());
        objects.removeIf(object -> names.contains(object.identity()));
        objects.addAll(later);
    }

    static Loaded compile(final List<ManifestObject> objects, final String node, final Map<String, String> overrides) {
        final ManifestReader.Resources resources = ManifestReader.read(objects);
        final ManifestCompiler compiler = new ManifestCompiler(resources.model(), node);
        final FelixState state = compiler.compile(overrides);
        final Function<FelixKey, String> places = key -> {
            final ManifestObject origin = compiler.origin(key);
            return origin == null ? "manifests" : origin.place("");
        };
        return new Loaded(state, places, resources.notes());
    }
}
