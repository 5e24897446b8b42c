package io.caracal.control.manifest;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Text of a manifest → its objects with the line of every value. Many documents in a file and Kubernetes' lists
 * ({@code kind: …List} with {@code items}) are taken apart; empty documents are skipped. Aliases are refused: Jackson's
 * parser would hand one over as if it were text.
 */
final class ManifestParser {
    /** A file's limit: some 20,000 endpoints. More would hold up the reload; less has been seen in no cluster. */
    static final int FILE_MAX_BYTES = 16 << 20;
    /** Calico's deepest object (a selector-free rule in a policy in a list) has 9 levels. */
    private static final int NESTING_MAX_LEVELS = 32;

    private static final YAMLFactory YAML = factory();

    private final String file;
    private final YAMLParser parser;
    private final Map<String, Integer> lines = new HashMap<>();

    private ManifestParser(final String file, final YAMLParser parser) {
        this.file = file;
        this.parser = parser;
    }

    /**
     * Reads all objects of a text.
     *
     * @throws ControlException for anything that is no YAML, and for documents that are no objects.
     */
    static List<ManifestObject> parse(final String file, final String text) {
        final List<ManifestObject> objects = new ArrayList<>();
        try (YAMLParser parser = YAML.createParser(text)) {
            while (parser.nextToken() != null) {
                final ManifestParser document = new ManifestParser(file, parser);
                document.collect(document.readValue(""), "", objects);
            }
        } catch (final JsonProcessingException e) {
            throw e.getCause() instanceof final MarkedYAMLException marked
                ? refusal(file, marked) : refusal(file, e.getLocation(), e.getOriginalMessage());
        } catch (final YAMLException | IOException e) {
            throw refusal(file, null, e.getMessage());
        }
        return objects;
    }

    private static YAMLFactory factory() {
        final LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(FILE_MAX_BYTES);
        options.setNestingDepthLimit(NESTING_MAX_LEVELS);
        final YAMLFactory factory = YAMLFactory.builder().loaderOptions(options)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
        factory.setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(NESTING_MAX_LEVELS).build());
        return factory;
    }

    /** SnakeYAML's own message draws the text over many lines; what was being read and what is wrong say enough. */
    private static ControlException refusal(final String file, final MarkedYAMLException e) {
        final String place = e.getProblemMark() == null ? file : file + ':' + (e.getProblemMark().getLine() + 1);
        final String reason = e.getContext() == null ? e.getProblem() : e.getContext() + ": " + e.getProblem();
        return new ControlException(List.of(
            new ControlProblem(ControlProblem.Kind.REFUSED, place, "", "not readable as YAML: " + reason)));
    }

    private static ControlException refusal(final String file, final JsonLocation at, final String message) {
        final String place = at == null || at.getLineNr() < 1 ? file : file + ':' + at.getLineNr();
        final String reason = message == null ? "" : message.strip().replaceAll("\\s*\\R\\s*", "; ");
        return new ControlException(List.of(
            new ControlProblem(ControlProblem.Kind.REFUSED, place, "", "not readable as YAML: " + reason)));
    }

    private ControlException refusalHere(final String reason) {
        final String place = file + ':' + parser.currentTokenLocation().getLineNr();
        return new ControlException(List.of(new ControlProblem(ControlProblem.Kind.REFUSED, place, "", reason)));
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

    private JsonNode readValue(final String pointer) throws IOException {
        /* A field's value stands where its name does: a block's own first token is on the line after. */
        lines.putIfAbsent(pointer, parser.currentTokenLocation().getLineNr());
        if (parser.isCurrentAlias()) {
            throw refusalHere("aliases (*" + parser.getText() + ") are not supported: write the value out");
        }
        final JsonNodeFactory nodes = JsonNodeFactory.instance;
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject(pointer);
            case START_ARRAY -> readArray(pointer);
            case VALUE_STRING -> nodes.textNode(parser.getText());
            case VALUE_NUMBER_INT -> nodes.numberNode(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> nodes.numberNode(parser.getDoubleValue());
            case VALUE_TRUE, VALUE_FALSE -> nodes.booleanNode(parser.getBooleanValue());
            case VALUE_NULL -> nodes.nullNode();
            case VALUE_EMBEDDED_OBJECT -> throw refusalHere("binary values are not supported");
            case END_OBJECT, END_ARRAY, FIELD_NAME, NOT_AVAILABLE ->
                throw refusalHere("unexpected " + parser.currentToken());
        };
    }

    private ObjectNode readObject(final String pointer) throws IOException {
        final ObjectNode object = JsonNodeFactory.instance.objectNode();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            final String name = parser.currentName();
            final String child = pointer + '/' + name.replace("~", "~0").replace("/", "~1");
            lines.put(child, parser.currentTokenLocation().getLineNr());
            parser.nextToken();
            object.set(name, readValue(child));
        }
        return object;
    }

    private ArrayNode readArray(final String pointer) throws IOException {
        final ArrayNode array = JsonNodeFactory.instance.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            array.add(readValue(pointer + '/' + array.size()));
        }
        return array;
    }
}
