package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * Text of a manifest → its objects with the line of every value. Many documents in a file and Kubernetes' lists
 * ({@code kind: …List} with {@code items}) are taken apart; empty documents are skipped. Aliases are refused: an object
 * that stands twice has no line of its own.
 *
 * <p>By the events of SnakeYAML and not by Jackson's parser on top of it: that one's class makes a table of huge
 * decimal numbers when it is first used, 30 to 40 ms before a pod can be served.</p>
 */
final class ManifestParser {
    /** A file's limit: some 20,000 endpoints. More would hold up the reload; less has been seen in no cluster. */
    static final int FILE_MAX_BYTES = 16 << 20;
    /** Calico's deepest object (a selector-free rule in a policy in a list) has 9 levels. */
    private static final int NESTING_MAX_LEVELS = 32;

    private final String file;
    private final ParserImpl parser;
    private final YamlScalar scalars;
    private final Map<String, Integer> lines = new HashMap<>();
    private int level;

    private ManifestParser(final String file, final ParserImpl parser, final YamlScalar scalars) {
        this.file = file;
        this.parser = parser;
        this.scalars = scalars;
    }

    /**
     * Reads all objects of a text.
     *
     * @throws ControlException for anything that is no YAML, and for documents that are no objects.
     */
    static List<ManifestObject> parse(final String file, final String text) {
        final List<ManifestObject> objects = new ArrayList<>();
        final LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(FILE_MAX_BYTES);
        try {
            final ParserImpl parser = new ParserImpl(new StreamReader(text), options);
            final YamlScalar scalars = new YamlScalar();
            for (Event event = parser.getEvent(); event != null; event = parser.getEvent()) {
                if (event.is(Event.ID.DocumentStart)) {
                    final ManifestParser document = new ManifestParser(file, parser, scalars);
                    document.collect(document.readValue("", parser.getEvent()), "", objects);
                }
            }
        } catch (final MarkedYAMLException e) {
            throw refusal(file, e);
        } catch (final YAMLException e) {
            throw refusal(file, "not readable as YAML: " + e.getMessage().strip().replaceAll("\\s*\\R\\s*", "; "));
        }
        return objects;
    }

    /** SnakeYAML's own message draws the text over many lines; what was being read and what is wrong say enough. */
    private static ControlException refusal(final String file, final MarkedYAMLException e) {
        final String place = e.getProblemMark() == null ? file : file + ':' + (e.getProblemMark().getLine() + 1);
        final String reason = e.getContext() == null ? e.getProblem() : e.getContext() + ": " + e.getProblem();
        return new ControlException(List.of(
            new ControlProblem(ControlProblem.Kind.REFUSED, place, "", "not readable as YAML: " + reason)));
    }

    private static ControlException refusal(final String place, final String reason) {
        return new ControlException(List.of(
            new ControlProblem(ControlProblem.Kind.REFUSED, place, "", reason)));
    }

    private ControlException refusal(final Event at, final String reason) {
        return refusal(file + ':' + line(at), reason);
    }

    private static int line(final Event event) {
        return event.getStartMark().getLine() + 1;
    }

    /** A document's objects: itself, or the items of a list. */
    private void collect(final JsonNode node, final String pointer, final List<ManifestObject> objects) {
        if (node.isNull() || node.isTextual() && node.textValue().isEmpty()) {
            return;
        }
        if (!(node instanceof final ObjectNode root)) {
            throw new ControlException(List.of(new ControlProblem(ControlProblem.Kind.REFUSED,
                file + ':' + lines.get(pointer), "", "expected an object with apiVersion and kind")));
        }
        if (root.path("kind").asText().endsWith("List") && root.path("items") instanceof final ArrayNode items) {
            for (int i = 0; i < items.size(); i++) {
                collect(items.get(i), pointer + "/items/" + i, objects);
            }
        } else {
            objects.add(new ManifestObject(file, root, pointer, lines));
        }
    }

    private JsonNode readValue(final String pointer, final Event event) {
        /* A field's value stands where its name does: a block's own first token is on the line after. */
        lines.putIfAbsent(pointer, line(event));
        if (event instanceof final AliasEvent alias) {
            throw refusal(event, "aliases (*" + alias.getAnchor() + ") are not supported: write the value out");
        }
        if (event instanceof final ScalarEvent scalar) {
            return readScalar(scalar);
        }
        if (++level > NESTING_MAX_LEVELS) {
            throw refusal(event, "not readable as YAML: more than " + NESTING_MAX_LEVELS + " levels");
        }
        final JsonNode value = event.is(Event.ID.MappingStart) ? readObject(pointer) : readArray(pointer);
        level--;
        return value;
    }

    private JsonNode readScalar(final ScalarEvent scalar) {
        try {
            return scalars.read(scalar);
        } catch (final IllegalArgumentException wrong) {
            throw refusal(scalar, wrong.getMessage());
        }
    }

    private ObjectNode readObject(final String pointer) {
        final ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (Event event = parser.getEvent(); !event.is(Event.ID.MappingEnd); event = parser.getEvent()) {
            if (!(event instanceof final ScalarEvent key)) {
                throw refusal(event, "not readable as YAML: a field's name must be text");
            }
            final String name = key.getValue();
            if (object.has(name)) {
                throw refusal(event, "not readable as YAML: Duplicate field '" + name + "'");
            }
            final String child = pointer + '/' + name.replace("~", "~0").replace("/", "~1");
            lines.put(child, line(event));
            object.set(name, readValue(child, parser.getEvent()));
        }
        return object;
    }

    private ArrayNode readArray(final String pointer) {
        final ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Event event = parser.getEvent(); !event.is(Event.ID.SequenceEnd); event = parser.getEvent()) {
            array.add(readValue(pointer + '/' + array.size(), event));
        }
        return array;
    }
}
