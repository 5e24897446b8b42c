package io.caracal.control.manifest;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;

/** Names that Calico derives by hashing; every Calico component must derive the same. */
final class Hashes {
    /** Go compares strings by their bytes. */
    static final Comparator<String> BYTE_ORDER = (a, b) ->
        Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private static final int MAC_HASH_BYTES = 5;
    private static final int INTERFACE_HASH_DIGITS = 11;

    private Hashes() {
    }

    /** Id of an IP set (libcalico-go/lib/hash {@code MakeUniqueID}). */
    static String setId(final String prefix, final String content) {
        return prefix + ":" + base64(digest("SHA-224", utf8(prefix + ":" + content)));
    }

    static byte[] sha224(final byte[]... parts) {
        final MessageDigest digest = of("SHA-224");
        for (final byte[] part : parts) {
            digest.update(part);
        }
        return digest.digest();
    }

    static String base64(final byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static byte[] utf8(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** MAC address of a node's overlay device (felix/calc/vxlan_resolver.go): locally administered, then its name. */
    static String tunnelMac(final String seed) {
        final byte[] hash = digest("SHA-1", utf8(seed));
        return "66:" + HexFormat.ofDelimiter(":").formatHex(hash, 0, MAC_HASH_BYTES);
    }

    /** Host end of a pod's veth pair (libcalico-go/lib/backend/k8s/conversion {@code VethNameForWorkload}). */
    static String interfaceName(final String prefix, final String namespace, final String pod) {
        final byte[] hash = digest("SHA-1", utf8(namespace + "." + pod));
        return prefix + HexFormat.of().formatHex(hash).substring(0, INTERFACE_HASH_DIGITS);
    }

    private static byte[] digest(final String algorithm, final byte[] bytes) {
        return of(algorithm).digest(bytes);
    }

    private static MessageDigest of(final String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (final NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has " + algorithm, e);
        }
    }
}
