package io.caracal.policy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One protobuf message cut into its fields, without a schema: enough to read recorded streams in tests. */
final class ProtobufFields {
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;

    private record Field(int number, long value, byte[] bytes) {
    }

    private final List<Field> fields = new ArrayList<>();
    private final byte[] message;
    private int position;

    ProtobufFields(final byte[] message) {
        this.message = message;
        while (position < message.length) {
            final long key = varint();
            final int number = (int)(key >>> 3);
            switch ((int)(key & 7)) {
                case VARINT -> fields.add(new Field(number, varint(), new byte[0]));
                case LENGTH_DELIMITED -> fields.add(new Field(number, 0, bytes((int)varint())));
                default -> throw new IllegalArgumentException("wire type " + (key & 7) + " at " + position);
            }
        }
    }

    private long varint() {
        long value = 0;
        for (int shift = 0;; shift += 7) {
            final byte b = message[position++];
            value |= (long)(b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private byte[] bytes(final int length) {
        final byte[] copy = java.util.Arrays.copyOfRange(message, position, position + length);
        position += length;
        return copy;
    }

    boolean has(final int number) {
        return fields.stream().anyMatch(field -> field.number() == number);
    }

    List<Integer> numbers() {
        return fields.stream().map(Field::number).distinct().toList();
    }

    int number(final int number) {
        return fields.stream().filter(f -> f.number() == number).mapToInt(f -> (int)f.value()).reduce(0, (a, b) -> b);
    }

    ProtobufFields message(final int number) {
        return messages(number).isEmpty() ? new ProtobufFields(new byte[0]) : messages(number).getLast();
    }

    List<ProtobufFields> messages(final int number) {
        return fields.stream().filter(f -> f.number() == number).map(f -> new ProtobufFields(f.bytes())).toList();
    }

    String string(final int number) {
        return strings(number).isEmpty() ? "" : strings(number).getLast();
    }

    List<String> strings(final int number) {
        return fields.stream().filter(f -> f.number() == number)
            .map(f -> new String(f.bytes(), StandardCharsets.UTF_8)).toList();
    }
}
