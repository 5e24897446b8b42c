package io.caracal.perf.pods;

/**
 * The demo's policy, TCP to {@code web-api} on one port from {@code frontend} alone, with any number of rules before it
 * that let in others: addresses that nobody has, so that a list of rules is walked to its end.
 */
final class PolicyText {
    private static final int BYTE = 256;

    private PolicyText() {
    }

    /** An address that nobody has, for the rule of that number. */
    static String stranger(final int rule) {
        return "10.200." + rule / BYTE + '.' + rule % BYTE;
    }

    static String yaml(final int rules) {
        final StringBuilder text = new StringBuilder("""
            apiVersion: projectcalico.org/v3
            kind: NetworkPolicy
            metadata:
              name: allow-frontend-to-api
              namespace: app
            spec:
              selector: app == "web-api"
              types: [Ingress]
              ingress:
            """);
        for (int rule = 1; rule < rules; rule++) {
            text.append("  - {action: Allow, protocol: TCP, source: {nets: [").append(stranger(rule))
                .append("/32]}, destination: {ports: [").append(PodPath.API_PORT).append("]}}\n");
        }
        return text.append("  - {action: Allow, protocol: TCP, source: {selector: app == \"frontend\"},"
            + " destination: {ports: [" + PodPath.API_PORT + "]}}\n").toString();
    }
}
