package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Set;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * What a scalar of YAML 1.1 is: text, number, truth or nothing, by its tag where it has one, else by how it looks. As
 * Jackson reads it, to which a test compares it: a number by sixty is text, for it is more often a time or an address.
 * One thread.
 */
final class YamlScalar {
    /** More digits are an attack: reading them takes time with their square. */
    private static final int DIGITS_MAX = 1000;
    private static final String YAML_TAGS = "tag:yaml.org,2002:";
    private static final Set<String> TRUE = Set.of("y", "on", "yes", "true");
    private static final Set<String> FALSE = Set.of("n", "no", "off", "false");

    private final Resolver resolver = new Resolver();

    /**
     * Reads one.
     *
     * @param event as the parser has it.
     * @return the value.
     * @throws IllegalArgumentException for binary values, and what says to be a number and is none.
     */
    JsonNode read(final ScalarEvent event) {
        final String text = event.getValue();
        final String tag = event.getTag();
        if (tag == null || "!".equals(tag)) {
            return byLook(text, event.getImplicit().canOmitTagInPlainScalar());
        }
        return byTag(text, tag.startsWith(YAML_TAGS) ? tag.substring(YAML_TAGS.length()) : tag);
    }

    private JsonNode byLook(final String text, final boolean isPlain) {
        final Tag tag = resolver.resolve(NodeId.scalar, text, isPlain);
        if (Tag.INT.equals(tag)) {
            return integer(text);
        }
        if (Tag.FLOAT.equals(tag)) {
            return floatingPoint(text);
        }
        if (Tag.BOOL.equals(tag)) {
            return truth(text);
        }
        return Tag.NULL.equals(tag) ? JsonNodeFactory.instance.nullNode() : text(text);
    }

    private static JsonNode byTag(final String text, final String type) {
        return switch (type) {
            case "binary" -> throw new IllegalArgumentException("binary values are not supported");
            case "bool" -> truth(text);
            case "int" -> text.isEmpty() ? text(text) : integer(text);
            case "float" -> text.isEmpty() ? text(text) : floatingPoint(text);
            case "null" -> text.isEmpty() ? text(text) : JsonNodeFactory.instance.nullNode();
            default -> text(text);
        };
    }

    private static JsonNode text(final String text) {
        return JsonNodeFactory.instance.textNode(text);
    }

    private static JsonNode truth(final String text) {
        final String word = text.toLowerCase(Locale.ROOT);
        if (TRUE.contains(word) || FALSE.contains(word)) {
            return JsonNodeFactory.instance.booleanNode(TRUE.contains(word));
        }
        return text(text);
    }

    private static JsonNode integer(final String text) {
        final String digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        if (digits.startsWith("0b") || digits.startsWith("0B")) {
            return number(text, digits.substring(2), 2);
        }
        if (digits.startsWith("0x") || digits.startsWith("0X")) {
            return number(text, digits.substring(2), 16);
        }
        if (digits.length() > 1 && digits.startsWith("0")) {
            return "01234567_89".indexOf(digits.charAt(1)) < 0 ? text(text) : number(text, digits.substring(1), 8);
        }
        return isDecimal(digits) ? number(text, digits, 10) : text(text);
    }

    private static boolean isDecimal(final String digits) {
        for (int i = 0; i < digits.length(); i++) {
            final char each = digits.charAt(i);
            if ((each < '0' || each > '9') && each != '_') {
                return false;
            }
        }
        return !digits.isEmpty();
    }

    private static JsonNode number(final String text, final String digits, final int base) {
        final String cleaned = withoutUnderscores(text, digits);
        try {
            final BigInteger number = new BigInteger(cleaned, base);
            return JsonNodeFactory.instance.numberNode(text.startsWith("-") ? number.negate() : number);
        } catch (final NumberFormatException wrong) {
            throw new IllegalArgumentException("not a number: '" + text + "'", wrong);
        }
    }

    private static JsonNode floatingPoint(final String text) {
        try {
            return JsonNodeFactory.instance.numberNode(Double.parseDouble(withoutUnderscores(text, text)));
        } catch (final NumberFormatException wrong) {
            throw new IllegalArgumentException("not a number that can be used: '" + text + "'", wrong);
        }
    }

    private static String withoutUnderscores(final String text, final String digits) {
        if (digits.length() > DIGITS_MAX) {
            throw new IllegalArgumentException("a number of " + text.length() + " letters is too long");
        }
        return digits.replace("_", "");
    }
}
