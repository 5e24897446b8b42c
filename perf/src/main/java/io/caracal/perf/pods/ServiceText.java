package io.caracal.perf.pods;

/** A service's chains as kube-proxy writes them in iptables mode (pkg/proxy/iptables), for one backend. */
final class ServiceText {
    private ServiceText() {
    }

    /** The service itself, for who must tell its address from any other outside of the cluster. */
    static String manifest() {
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: web-api, namespace: app}
            spec:
              type: ClusterIP
              clusterIP: %s
              ports:
              - {name: http, port: %d, protocol: TCP}
            """.formatted(PodNode.SERVICE_ADDRESS, PodNode.SERVICE_PORT);
    }

    /** Input of {@code iptables-restore --noflush}. */
    static String nat(final String backend) {
        return """
            *nat
            :KUBE-SERVICES - [0:0]
            :KUBE-POSTROUTING - [0:0]
            :KUBE-MARK-MASQ - [0:0]
            :KUBE-SVC-BENCH - [0:0]
            :KUBE-SEP-BENCH - [0:0]
            -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
            -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
            -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
            -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
            -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE
            -A KUBE-SERVICES -d %1$s/32 -p tcp -m tcp --dport %2$d -j KUBE-SVC-BENCH
            -A KUBE-SVC-BENCH ! -s 10.64.0.0/12 -d %1$s/32 -p tcp -m tcp --dport %2$d -j KUBE-MARK-MASQ
            -A KUBE-SVC-BENCH -j KUBE-SEP-BENCH
            -A KUBE-SEP-BENCH -s %3$s/32 -j KUBE-MARK-MASQ
            -A KUBE-SEP-BENCH -p tcp -m tcp -j DNAT --to-destination %3$s:%4$d
            COMMIT
            """.formatted(PodNode.SERVICE_ADDRESS, PodNode.SERVICE_PORT, backend, PodPath.API_PORT);
    }
}
