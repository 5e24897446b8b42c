package io.caracal.wire;

/**
 * An IPv6 address off the packet path: read from text (RFC 4291 section 2.2), written as RFC 5952 recommends.
 * A value; any thread.
 *
 * <pre>{@code
 * final Ipv6Text pod = Ipv6Text.parse("fd00:10:65::7");
 * table.ipv6Ifindex(pod.high(), pod.low());
 * }</pre>
 *
 * @param high upper half, host order.
 * @param low lower half, host order.
 */
public record Ipv6Text(long high, long low) {
    private static final int GROUPS = 8;
    private static final int MAX_GROUP_DIGITS = 4;

    /**
     * Reads an address. Strict: one {@code ::} at most and only for at least one group, four hexadecimal digits a
     * group at most, no zone, no prefix length; the last two groups may be a dotted IPv4 address.
     *
     * @param text such as {@code fd00:10:65::7}.
     * @return the address.
     * @throws IllegalArgumentException when the text is anything else.
     */
    public static Ipv6Text parse(final String text) {
        final int gap = text.indexOf("::");
        if (gap < 0) {
            final int[] groups = groups(text, text);
            require(groups.length == GROUPS, text);
            return of(groups);
        }
        require(text.indexOf("::", gap + 1) < 0, text);
        final String before = text.substring(0, gap);
        final String after = text.substring(gap + 2);
        require(before.indexOf('.') < 0, text);
        final int[] head = before.isEmpty() ? new int[0] : groups(before, text);
        final int[] tail = after.isEmpty() ? new int[0] : groups(after, text);
        require(head.length + tail.length < GROUPS, text);
        final int[] groups = new int[GROUPS];
        System.arraycopy(head, 0, groups, 0, head.length);
        System.arraycopy(tail, 0, groups, GROUPS - tail.length, tail.length);
        return of(groups);
    }

    /**
     * Writes an address: lower case, no leading zeros, the longest run of at least two zero groups (the first of
     * equals) as {@code ::}. IPv4-mapped addresses are written with a dotted end (RFC 5952 section 5).
     *
     * @param high upper half.
     * @param low lower half.
     * @return the text.
     */
    public static String format(final long high, final long low) {
        if (high == 0 && low >>> 32 == 0xFFFF) {
            return "::ffff:" + Ipv4Address.format((int)low);
        }
        final int runStart = longestZeroRun(high, low);
        final int runLength = zeroRunLength(high, low, runStart);
        final StringBuilder text = new StringBuilder(39);
        int group = 0;
        while (group < GROUPS) {
            if (runLength > 1 && group == runStart) {
                text.append("::");
                group += runLength;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(group(high, low, group++)));
            }
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return format(high, low);
    }

    private static int[] groups(final String part, final String text) {
        final String[] pieces = part.split(":", -1);
        final boolean dotted = pieces[pieces.length - 1].indexOf('.') >= 0;
        final int[] groups = new int[pieces.length + (dotted ? 1 : 0)];
        require(groups.length <= GROUPS, text);
        final int hexCount = dotted ? pieces.length - 1 : pieces.length;
        for (int i = 0; i < hexCount; i++) {
            groups[i] = hexGroup(pieces[i], text);
        }
        if (dotted) {
            final int ipv4 = Ipv4Address.parse(pieces[hexCount]);
            groups[hexCount] = ipv4 >>> 16;
            groups[hexCount + 1] = ipv4 & 0xFFFF;
        }
        return groups;
    }

    private static int hexGroup(final String piece, final String text) {
        require(!piece.isEmpty() && piece.length() <= MAX_GROUP_DIGITS, text);
        int group = 0;
        for (int i = 0; i < piece.length(); i++) {
            final char c = piece.charAt(i);
            final int digit = c < 128 ? Character.digit(c, 16) : -1;
            require(digit >= 0, text);
            group = group << 4 | digit;
        }
        return group;
    }

    private static Ipv6Text of(final int[] groups) {
        long high = 0;
        long low = 0;
        for (int i = 0; i < GROUPS / 2; i++) {
            high = high << 16 | groups[i];
            low = low << 16 | groups[i + GROUPS / 2];
        }
        return new Ipv6Text(high, low);
    }

    private static int group(final long high, final long low, final int index) {
        final long half = index < GROUPS / 2 ? high : low;
        return (int)(half >>> 48 - index % (GROUPS / 2) * 16) & 0xFFFF;
    }

    private static int longestZeroRun(final long high, final long low) {
        int start = 0;
        for (int i = 1; i < GROUPS; i++) {
            if (zeroRunLength(high, low, i) > zeroRunLength(high, low, start)) {
                start = i;
            }
        }
        return start;
    }

    private static int zeroRunLength(final long high, final long low, final int start) {
        int end = start;
        while (end < GROUPS && group(high, low, end) == 0) {
            end++;
        }
        return end - start;
    }

    private static void require(final boolean condition, final String text) {
        if (!condition) {
            throw new IllegalArgumentException("read IPv6 address '" + text
                + "': expected eight groups of hexadecimal digits, one run of zeros as '::', such as fd00:10:65::7");
        }
    }
}
