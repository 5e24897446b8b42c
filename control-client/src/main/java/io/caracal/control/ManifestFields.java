package io.caracal.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
                refuse("/" + name.replace("~", "~0").replace("/", "~1"), "is no field of " + object.kind());
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
