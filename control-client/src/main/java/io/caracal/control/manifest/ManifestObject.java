package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.control.ControlProblem;
import java.util.Map;

/**
 * One object of a manifest, with the line at which each of its values stands.
 *
 * @param file  the file's name, for messages.
 * @param root  the object.
 * @param base  JSON pointer of the root inside its document: empty, or {@code /items/3} in a list.
 * @param lines JSON pointer inside the document → line, counted from 1.
 */
record ManifestObject(String file, ObjectNode root, String base, Map<String, Integer> lines) {

    /** The text at a pointer inside the object, or the empty string where there is none. */
    String text(final String pointer) {
        final JsonNode node = root.at(pointer);
        return node.isTextual() ? node.textValue() : "";
    }

    String apiVersion() {
        return text("/apiVersion");
    }

    String kind() {
        return text("/kind");
    }

    /** {@code Kind namespace/name}, as far as these are there. */
    String title() {
        final String namespace = text("/metadata/namespace");
        final String name = text("/metadata/name");
        return (kind() + ' ' + (namespace.isEmpty() ? name : namespace + '/' + name)).trim();
    }

    /** What no other object of the same source may have, too. */
    String identity() {
        return apiVersion() + ' ' + title();
    }

    /** {@code file:line} of a value; of the nearest value around it that is there. */
    String place(final String pointer) {
        String at = base + pointer;
        while (!lines.containsKey(at) && !at.isEmpty()) {
            at = at.substring(0, at.lastIndexOf('/'));
        }
        return file + ':' + lines.getOrDefault(at, 1);
    }

    ControlProblem problem(final ControlProblem.Kind kind, final String pointer, final String reason) {
        return new ControlProblem(kind, place(pointer), title(), reason);
    }
}
