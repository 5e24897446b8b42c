package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.control.ControlProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Reads the fields of one part of an object ({@code spec}, {@code metadata}) strictly, and notes everything that is
 * wrong with its line, so that a reader of the messages can mend all of it at once.
 */
final class ManifestFields {
    private final ManifestObject object;
    private final String base;
    private final List<ControlProblem> problems;

    ManifestFields(final ManifestObject object, final String base, final List<ControlProblem> problems) {
        this.object = object;
        this.base = base;
        this.problems = problems;
    }

    /** Refuses fields that the kind does not have: a misspelt field would otherwise be silently ignored. */
    void allowOnly(final Set<String> known) {
        final JsonNode part = object.root().at(base);
        if (!(part instanceof final ObjectNode fields)) {
            refuse("", "is missing or no object");
            return;
        }
        fields.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                refuse("/" + escaped(name), "is no field of " + object.kind());
            }
        });
    }

    /** A field that must have text; the empty string, and a problem noted, where it has none. */
    String required(final String field) {
        final String text = optional(field);
        if (text.isEmpty() && !isWrongType(field)) {
            refuse("/" + field, "is required");
        }
        return text;
    }

    /** A field that may have text; the empty string where it is not there. */
    String optional(final String field) {
        final JsonNode node = node(field);
        if (isWrongType(field)) {
            refuse("/" + field, "must be text" + (node.isValueNode() ? ": put it in quotes" : ""));
            return "";
        }
        return node.isTextual() ? node.textValue().strip() : "";
    }

    /** The texts of a list; empty where it is not there. */
    List<String> texts(final String field) {
        final List<String> texts = new ArrayList<>();
        final JsonNode list = node(field);
        if (!(list instanceof ArrayNode)) {
            if (isPresent(field)) {
                refuse("/" + field, "must be a list");
            }
            return texts;
        }
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i).isTextual()) {
                texts.add(list.get(i).textValue().strip());
            } else {
                refuse("/" + field + '/' + i, "must be text");
            }
        }
        return texts;
    }

    /** Whether a field's value says something: neither absent, null, false, nor an empty text, list or object. */
    boolean isPresent(final String field) {
        final JsonNode node = node(field);
        return switch (node.getNodeType()) {
            case MISSING, NULL -> false;
            case BOOLEAN -> node.booleanValue();
            case STRING -> !node.textValue().isBlank();
            case ARRAY, OBJECT -> !node.isEmpty();
            case NUMBER, BINARY, POJO -> true;
        };
    }

    /** Reads a text by a function whose exception says what is wrong; null, and a problem noted, where it does. */
    <T> T read(final String pointer, final String text, final Function<String, T> reader) {
        try {
            return reader.apply(text);
        } catch (final IllegalArgumentException e) {
            refuse(pointer, e.getMessage());
            return null;
        }
    }

    /** The part of the object at a pointer from here, whose names in messages begin with it. */
    ManifestFields at(final String pointer) {
        return new ManifestFields(object, base + pointer, problems);
    }

    /** The elements of a list of objects; none where it is not there. */
    List<ManifestFields> objects(final String field) {
        final List<ManifestFields> elements = new ArrayList<>();
        final JsonNode list = node(field);
        if (!(list instanceof ArrayNode)) {
            if (isPresent(field)) {
                refuse("/" + field, "must be a list");
            }
            return elements;
        }
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) instanceof ObjectNode) {
                elements.add(at("/" + field + "/" + i));
            } else {
                refuse("/" + field + "/" + i, "must be an object");
            }
        }
        return elements;
    }

    /** A part that may be there; null where it is not. */
    ManifestFields part(final String field) {
        final JsonNode node = node(field);
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (!(node instanceof ObjectNode)) {
            refuse("/" + field, "must be an object");
            return null;
        }
        return at("/" + field);
    }

    /** A field that must be there as an object; null, and a problem noted, where it is not. */
    ManifestFields requiredPart(final String field) {
        if (node(field).isMissingNode() || node(field).isNull()) {
            refuse("/" + field, "is required");
            return null;
        }
        return part(field);
    }

    /** Whether a field is there at all, even as an empty object or list. */
    boolean has(final String field) {
        return !node(field).isMissingNode() && !node(field).isNull();
    }

    /** A whole number that may be there; null where it is not, or, with a problem noted, where it is none. */
    Integer whole(final String field, final int min, final int max) {
        final JsonNode node = node(field);
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            refuse("/" + field, "must be a whole number from " + min + " to " + max);
            return null;
        }
        return node.intValue();
    }

    /** A number that may be there; null where it is not. */
    Double decimal(final String field) {
        final JsonNode node = node(field);
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            refuse("/" + field, "must be a number");
            return null;
        }
        return node.doubleValue();
    }

    /** A flag; false where it is not there. */
    boolean flag(final String field) {
        final JsonNode node = node(field);
        if (!node.isMissingNode() && !node.isNull() && !node.isBoolean()) {
            refuse("/" + field, "must be true or false");
        }
        return node.booleanValue();
    }

    /** A text out of a closed list; the first of them where it is not there. */
    String oneOf(final String field, final String... words) {
        final String text = optional(field);
        if (text.isEmpty()) {
            return words[0];
        }
        if (!List.of(words).contains(text)) {
            refuse("/" + field, "is " + text + ", none of " + String.join(", ", words));
        }
        return text;
    }

    /** Texts by name, as labels are; empty where it is not there. */
    Map<String, String> map(final String field) {
        final Map<String, String> texts = new TreeMap<>();
        final JsonNode node = node(field);
        if (!(node instanceof final ObjectNode entries)) {
            if (isPresent(field)) {
                refuse("/" + field, "must be an object of texts");
            }
            return texts;
        }
        entries.properties().forEach(entry -> {
            if (entry.getValue().isTextual()) {
                texts.put(entry.getKey(), entry.getValue().textValue());
            } else {
                refuse("/" + field + "/" + escaped(entry.getKey()), "must be text"
                    + (entry.getValue().isValueNode() ? ": put it in quotes" : ""));
            }
        });
        return texts;
    }

    /** The value itself, for what may be of several types. */
    JsonNode value(final String field) {
        return node(field);
    }

    /** Names of the fields that are there. */
    List<String> names() {
        final List<String> names = new ArrayList<>();
        object.root().at(base).fieldNames().forEachRemaining(names::add);
        return names;
    }

    ManifestObject object() {
        return object;
    }

    private static String escaped(final String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    void refuse(final String pointer, final String reason) {
        problems.add(object.problem(ControlProblem.Kind.REFUSED, base + pointer, name(pointer) + ' ' + reason));
    }

    void notApplied(final String field, final String reason) {
        final String pointer = "/" + field;
        problems.add(object.problem(ControlProblem.Kind.NOT_APPLIED, base + pointer, name(pointer) + ' ' + reason));
    }

    private String name(final String pointer) {
        return (base + pointer).substring(1).replace('/', '.').replace("~1", "/").replace("~0", "~");
    }

    private boolean isWrongType(final String field) {
        final JsonNode node = node(field);
        return !node.isTextual() && !node.isMissingNode() && !node.isNull();
    }

    private JsonNode node(final String field) {
        return object.root().at(base).path(field);
    }
}
