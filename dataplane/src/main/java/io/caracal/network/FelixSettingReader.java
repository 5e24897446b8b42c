package io.caracal.network;

import io.caracal.kernel.NodeMtu;
import io.caracal.nat.NatConfig;
import io.caracal.policy.model.Prefix;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Takes Felix's words apart. Each reading throws an {@link IllegalArgumentException} that names the setting, its value
 * and what was expected. Immutable; any thread.
 *
 * @param settings as Felix wrote them.
 */
record FelixSettingReader(Map<String, String> settings) {
    static final int PORT_MAX = 0xFFFF;

    private static final Pattern INTERFACE = Pattern.compile("[a-zA-Z0-9:._-]{0,15}[+*]?");

    int number(final String key, final int otherwise, final int min, final int max) {
        final String text = settings.getOrDefault(key, "").strip();
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            final int number = Integer.parseInt(text);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (final NumberFormatException notANumber) {
            throw refused(key, "a number from " + min + " to " + max, notANumber);
        }
        throw refused(key, "a number from " + min + " to " + max, null);
    }

    /** One of the words, in lower case; the first where nothing is set. */
    String word(final String key, final String... words) {
        final String text = settings.getOrDefault(key, "").strip().toLowerCase(Locale.ROOT);
        if (!text.isEmpty() && !List.of(words).contains(text)) {
            throw refused(key, "one of " + String.join(", ", words), null);
        }
        return text.isEmpty() ? words[0] : text;
    }

    Optional<InetAddress> address(final String key, final boolean ipv6) {
        final List<Prefix> found = prefixes(key);
        if (found.size() > 1 || found.stream().anyMatch(each -> !each.isHost() || each.v6() != ipv6)) {
            throw refused(key, "an " + (ipv6 ? "IPv6" : "IPv4") + " address", null);
        }
        return found.stream().findFirst().map(NetworkAddresses::address);
    }

    /** At most 15 bytes, as the kernel has it, and perhaps a sign that stands for any end. */
    String interfaceName(final String key) {
        final String text = settings.getOrDefault(key, "").strip();
        if (!INTERFACE.matcher(text).matches()) {
            throw refused(key, "an interface's name, or its beginning with + behind it", null);
        }
        return text;
    }

    boolean isTrue(final String key) {
        return "true".equalsIgnoreCase(settings.getOrDefault(key, "").strip());
    }

    Pattern pattern(final String key) {
        final String text = settings.getOrDefault(key, "").strip();
        try {
            return text.isEmpty() ? NodeMtu.INTERFACE_PATTERN_DEFAULT : Pattern.compile(text);
        } catch (final PatternSyntaxException malformed) {
            throw refused(key, "a regular expression", malformed);
        }
    }

    /** {@code 32768:65535}, or one port; Felix's default, 0, is any. */
    int[] ports(final String key) {
        final String text = settings.getOrDefault(key, "").strip();
        if (text.isEmpty() || "0".equals(text)) {
            return new int[] {NatConfig.DEFAULT_FIRST_PORT, NatConfig.DEFAULT_LAST_PORT};
        }
        final String[] ends = text.split(":", 2);
        try {
            final int first = Integer.parseInt(ends[0].strip());
            final int last = Integer.parseInt(ends[ends.length - 1].strip());
            if (first >= 1 && first <= last && last <= PORT_MAX) {
                return new int[] {first, last};
            }
        } catch (final NumberFormatException notANumber) {
            throw refused(key, "a range of ports such as 32768:65535", notANumber);
        }
        throw refused(key, "a range of ports such as 32768:65535", null);
    }

    List<Prefix> prefixes(final String key) {
        return Arrays.stream(settings.getOrDefault(key, "").split(",")).map(String::strip)
            .filter(text -> !text.isEmpty()).map(Prefix::parse).toList();
    }

    private IllegalArgumentException refused(final String key, final String expected, final Exception cause) {
        return new IllegalArgumentException(
            "Felix setting " + key + "=" + settings.get(key) + " is not " + expected, cause);
    }
}
