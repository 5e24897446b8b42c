package io.caracal.dataplane;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.concurrent.TimeUnit;

import io.caracal.policy.model.Prefix;

/**
 * Drops, in nftables, whatever comes from or goes to a workload interface that is not armed. The table
 * {@code inet caracal} is put in place before anything else and outlives the engine, so that a new pod is never routed
 * by the kernel alone. Interfaces are armed by index, not by name: one that is deleted and made again with the
 * same name is a stranger until its programs are attached.
 *
 * <p>Runs {@code nft}, in the caller's network namespace; needs CAP_NET_ADMIN. Packets of the host itself to a
 * workload do not pass these hooks.</p>
 */
public final class WorkloadGuard {
    /** Ahead of conntrack (-200) and raw (-300), so that a refused packet costs and leaves nothing. */
    private static final int PRIORITY = -310;
    private static final int NFT_TIMEOUT_SECONDS = 20;
    private static final String TABLE = "inet caracal";
    /** A set whose size is known is a plain hash table, which costs half of one that grows (nft_set_hash.c). */
    private static final int ARMED_MAX = 16_384;
    /** Makes the chain of {@link #refuseServices}. */
    private static final String ADD_SERVICES_CHAIN =
        "add chain %s guard_services { type filter hook forward priority 0; policy accept; }\n".formatted(TABLE);
    /** Takes it away, there or not: a chain without rules costs each forwarded packet its call. */
    private static final String NO_SERVICE_REFUSED =
        ADD_SERVICES_CHAIN + "delete chain %s guard_services\n".formatted(TABLE);

    private final String interfacePrefix;

    /**
     * A guard of the interfaces with a prefix; does nothing yet.
     *
     * @param interfacePrefix checked to be a name.
     */
    public WorkloadGuard(final String interfacePrefix) {
        this.interfacePrefix = interfacePrefix;
    }

    /**
     * Puts the table in place in one transaction. Packets of armed interfaces cost a look into the set and none at the
     * name; where a forwarded one comes from was looked at before. What an earlier engine armed stays armed: its
     * programs are pinned and still at work; {@link #armOnly} ends that when this engine knows better.
     */
    public void install() {
        final String wild = "\"" + interfacePrefix + "*\"";
        nft("install the workload guard", """
            add table %1$s
            add set %1$s armed { type iface_index; size %4$d; }
            add chain %1$s guard_prerouting { type filter hook prerouting priority %2$d; policy accept; }
            add chain %1$s guard_forward { type filter hook forward priority %2$d; policy accept; }
            flush chain %1$s guard_prerouting
            flush chain %1$s guard_forward
            add rule %1$s guard_prerouting iif != @armed iifname %3$s counter drop
            add rule %1$s guard_forward oif != @armed oifname %3$s counter drop
            """.formatted(TABLE, PRIORITY, wild, ARMED_MAX) + NO_SERVICE_REFUSED);
    }

    /**
     * Arms these interfaces and disarms all others, in one transaction.
     *
     * @param ifindexes of the interfaces whose programs are attached.
     */
    public void armOnly(final Collection<Integer> ifindexes) {
        final StringBuilder script = new StringBuilder("flush set " + TABLE + " armed\n");
        if (!ifindexes.isEmpty()) {
            script.append("add element " + TABLE + " armed { ")
                .append(joined(ifindexes)).append(" }\n");
        }
        nft("arm " + ifindexes.size() + " interfaces", script.toString());
    }

    /**
     * Lets interfaces' packets into the host's stack; their programs are attached.
     *
     * @param ifindexes of the interfaces, at least one.
     */
    public void arm(final Collection<Integer> ifindexes) {
        nft("arm interfaces " + ifindexes, "add element " + TABLE + " armed { " + joined(ifindexes) + " }\n");
    }

    /**
     * Refuses an interface's packets again.
     *
     * @param ifindex of an interface that may be gone already.
     */
    public void disarm(final int ifindex) {
        nft("disarm interface " + ifindex, "add element " + TABLE + " armed { " + ifindex + " }\n"
            + "delete element " + TABLE + " armed { " + ifindex + " }\n");
    }

    /**
     * Has packets to services refused that the host's stack forwards without having translated them: they would go to
     * the router and come back (Felix's chain {@code cali-cidr-block}). Behind DNAT, so that a translated one has
     * another destination.
     *
     * @param cidrs addresses that services may have; none lifts it.
     * @param isTold whether the sender is told.
     */
    public void refuseServices(final Collection<Prefix> cidrs, final boolean isTold) {
        final StringBuilder script = new StringBuilder("add table " + TABLE + "\n" + NO_SERVICE_REFUSED);
        if (!cidrs.isEmpty()) {
            script.append(ADD_SERVICES_CHAIN);
        }
        cidrs.forEach(cidr -> script.append("add rule ").append(TABLE).append(" guard_services ")
            .append(cidr.v6() ? "ip6" : "ip").append(" daddr ").append(cidr).append(" counter ")
            .append(isTold ? "reject\n" : "drop\n"));
        nft("refuse packets to services that nobody has translated: " + cidrs, script.toString());
    }

    /**
     * Removes the table. Workload interfaces are the kernel's again.
     *
     * @return whether it was there.
     */
    public boolean remove() {
        final boolean wasThere = nft("list tables", "list tables\n").contains("table " + TABLE);
        nft("remove the workload guard", "add table " + TABLE + "\ndelete table " + TABLE + "\n");
        return wasThere;
    }

    private static String joined(final Collection<Integer> ifindexes) {
        return String.join(", ", ifindexes.stream().map(String::valueOf).toList());
    }

    private static String nft(final String act, final String script) {
        try {
            final Process nft = new ProcessBuilder("nft", "-f", "-").redirectErrorStream(true).start();
            try (var stdin = nft.getOutputStream()) {
                stdin.write(script.getBytes(StandardCharsets.UTF_8));
            }
            final String output = outputOf(nft);
            if (!nft.waitFor(NFT_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                nft.destroyForcibly();
                throw new IllegalStateException(act + ": nft did not end in " + NFT_TIMEOUT_SECONDS + " s");
            }
            if (nft.exitValue() != 0) {
                throw new IllegalStateException(act + ": nft: " + output.strip());
            }
            return output;
        } catch (final IOException failure) {
            throw new UncheckedIOException(
                act + ": cannot run nft (Debian package nftables; try ./caracal setup)", failure);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(act + ": interrupted", interrupted);
        }
    }

    /** Closes the pipe itself: the thread that reaps the process does so, too, but after others know of its end. */
    private static String outputOf(final Process nft) throws IOException {
        try (InputStream output = nft.getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
