package io.caracal.control.felix;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds what a younger Felix says and this version has no name for. Looks at messages alone, not at what they say: a
 * large cluster is tens of thousands of them, and a million members.
 */
final class UnknownFields {
    private static final Map<Descriptor, Parts> PARTS = new ConcurrentHashMap<>();

    /** Where a message may have others inside. */
    private record Parts(List<OneofDescriptor> choices, List<FieldDescriptor> single, List<FieldDescriptor> repeated) {
        static Parts of(final Descriptor type) {
            final List<FieldDescriptor> fields = type.getFields().stream()
                .filter(field -> field.getJavaType() == FieldDescriptor.JavaType.MESSAGE).toList();
            return new Parts(type.getRealOneofs(),
                fields.stream().filter(each -> !each.isRepeated() && each.getRealContainingOneof() == null).toList(),
                fields.stream().filter(each -> each.isRepeated() && !each.isMapField()).toList());
        }
    }

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
        final Parts parts = PARTS.computeIfAbsent(message.getDescriptorForType(), Parts::of);
        for (final OneofDescriptor choice : parts.choices) {
            final FieldDescriptor chosen = message.getOneofFieldDescriptor(choice);
            if (chosen != null && chosen.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                collect((Message)message.getField(chosen), path + "." + chosen.getName(), found);
            }
        }
        for (final FieldDescriptor field : parts.single) {
            if (message.hasField(field)) {
                collect((Message)message.getField(field), path + "." + field.getName(), found);
            }
        }
        for (final FieldDescriptor field : parts.repeated) {
            for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
                collect((Message)message.getRepeatedField(field, i), path + "." + field.getName(), found);
            }
        }
    }
}
