package io.caracal.perf.pods;

/**
 * The demo's policy as an nftables rule set, laid out as Felix's nftables dataplane does: dispatch by interface, chains
 * for endpoint, policy and profile, marks for what is allowed, established flows accepted first.
 */
final class NftablesRules {
    private NftablesRules() {
    }

    /** Input of {@code nft -f}. */
    static String of(final PodNode pods, final int rules) {
        final StringBuilder policy = new StringBuilder();
        for (int rule = 1; rule < rules; rule++) {
            policy.append("  ip saddr ").append(PolicyText.stranger(rule)).append(" tcp dport ")
                .append(PodPath.API_PORT).append(" meta mark set meta mark or 0x10000 return\n");
        }
        return """
            table ip calico {
             set frontend { type ipv4_addr; elements = { %1$s } }
             chain policy_api {
            %5$s  ip saddr @frontend tcp dport %6$d meta mark set meta mark or 0x10000
             }
             chain profile_app {
              meta mark set meta mark or 0x10000
             }
             chain from_workload {
              ct state established,related accept
              ct state invalid drop
              meta mark set meta mark and 0xfffcffff
              udp dport 4789 drop
              meta l4proto 4 drop
              jump profile_app
              meta mark and 0x10000 != 0 return
              drop
             }
             chain to_api {
              ct state established,related accept
              ct state invalid drop
              meta mark set meta mark and 0xfffcffff
              jump policy_api
              meta mark and 0x10000 != 0 return
              drop
             }
             chain to_workload {
              ct state established,related accept
              ct state invalid drop
              meta mark set meta mark and 0xfffcffff
              jump profile_app
              meta mark and 0x10000 != 0 return
              drop
             }
             chain forward {
              type filter hook forward priority 0; policy drop;
              iifname vmap { %2$s : jump from_workload, %3$s : jump from_workload, %4$s : jump from_workload }
              oifname vmap { %2$s : jump to_workload, %3$s : jump to_api, %4$s : jump to_workload }
              meta mark and 0x10000 != 0 accept
             }
            }
            """.formatted(pods.client().ipv4(), pods.client().interfaceName(), pods.api().interfaceName(),
            pods.database().interfaceName(), policy, PodPath.API_PORT);
    }
}
