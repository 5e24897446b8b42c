package io.caracal.control.felix;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds what a younger Felix says and this version has no name for: unknown fields, and numbers of enums. */
final class UnknownFields {
    private UnknownFields() {
    }

    /** Each unknown field as {@code path field 999}; empty for nearly every message. */
    static List<String> of(final Message message) {
        final List<String> found = new ArrayList<>();
        collect(message, message.getDescriptorForType().getName(), found);
        return found;
    }

    private static void collect(final Message message, final String path, final List<String> found) {
        message.getUnknownFields().asMap().keySet().forEach(number -> found.add(path + " field " + number));
        for (final Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            if (field.getKey().getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                collect(field.getValue(), path + "." + field.getKey().getName(), found);
            }
        }
    }

    private static void collect(final Object value, final String path, final List<String> found) {
        if (value instanceof final List<?> list) {
            list.forEach(element -> collect((Message)element, path, found));
        } else {
            collect((Message)value, path, found);
        }
    }
}
