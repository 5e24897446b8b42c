package io.caracal.control.felix;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A message as maps and lists that any JSON writer takes, with the field names of the protocol; fields that were not
 * set are left out, as in protojson. Unlike protojson numbers stay numbers.
 */
public final class MessageTree {
    private MessageTree() {
    }

    /**
     * One message.
     *
     * @param message of any type.
     * @return its fields in the order of their numbers.
     */
    public static Map<String, Object> of(final MessageOrBuilder message) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        message.getAllFields().forEach((field, value) -> tree.put(field.getName(), field(field, value)));
        return tree;
    }

    private static Object field(final FieldDescriptor field, final Object value) {
        if (field.isMapField()) {
            return map((List<?>)value);
        }
        if (field.isRepeated()) {
            final List<Object> values = new ArrayList<>();
            ((List<?>)value).forEach(each -> values.add(single(each)));
            return values;
        }
        return single(value);
    }

    private static Map<String, Object> map(final List<?> entries) {
        final Map<String, Object> map = new LinkedHashMap<>();
        for (final Object each : entries) {
            final Message entry = (Message)each;
            final List<FieldDescriptor> fields = entry.getDescriptorForType().getFields();
            map.put(entry.getField(fields.get(0)).toString(), single(entry.getField(fields.get(1))));
        }
        return map;
    }

    private static Object single(final Object value) {
        return switch (value) {
            case final Message message -> of(message);
            case final EnumValueDescriptor name -> name.getName();
            case final ByteString bytes -> HexFormat.of().formatHex(bytes.toByteArray());
            default -> value;
        };
    }
}
