package io.caracal.perf.pods;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Two pods, ready, and whatever carries packets between them. One thread.
 *
 * @param who its name in results.
 * @param client where load comes from.
 * @param api where TCP on {@value #API_PORT} is allowed by a policy.
 * @param database under no policy.
 * @param pids processes that carry packets.
 * @param carrier closed with the path; the lab removes pods and nodes.
 */
record PodPath(String who, Place client, Place api, Place database, List<Long> pids, Carrier carrier)
    implements Closeable {
    /** The one port that the policy on {@link #api} allows. */
    static final int API_PORT = 8080;

    /**
     * A place that load comes from or goes to.
     *
     * @param namespace name of its network namespace.
     * @param address its IPv4 address, or that of a service that stands for it.
     * @param port of its server.
     */
    record Place(String namespace, String address, int port) {
        Place behind(final String service, final int servicePort) {
            return new Place(namespace, service, servicePort);
        }
    }

    PodPath {
        pids = List.copyOf(pids);
    }

    @Override
    public void close() throws IOException {
        carrier.close();
    }
}
