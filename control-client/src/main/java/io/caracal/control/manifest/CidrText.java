package io.caracal.control.manifest;

import io.caracal.policy.model.Prefix;

/** Addresses as Go prints them (RFC 5952: the longest run of zero groups, at least two, is left out). */
final class CidrText {
    private static final int GROUPS = 8;
    private static final int GROUP_MASK = 0xffff;

    private CidrText() {
    }

    static String cidr(final Prefix prefix) {
        return address(prefix) + "/" + prefix.length();
    }

    static String address(final Prefix prefix) {
        if (!prefix.v6()) {
            final String text = prefix.toString();
            return text.substring(0, text.indexOf('/'));
        }
        final int[] groups = new int[GROUPS];
        for (int i = 0; i < GROUPS; i++) {
            groups[i] = (int)((i < 4 ? prefix.high() : prefix.low()) >>> 48 - i % 4 * 16) & GROUP_MASK;
        }
        return text(groups);
    }

    private static String text(final int[] groups) {
        int start = GROUPS;
        int length = 1;
        for (int i = 0; i < GROUPS; i++) {
            int run = 0;
            while (i + run < GROUPS && groups[i + run] == 0) {
                run++;
            }
            if (run > length) {
                start = i;
                length = run;
            }
        }
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == start) {
                text.append("::");
                i += length - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                    .append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
