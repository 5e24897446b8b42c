package io.caracal.perf.tool;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Packets to send: UDP over IPv4, written by {@code xskgen send}.
 *
 * @param namespace network namespace to send in.
 * @param interfaceName interface to send on.
 * @param backend {@code xdp} (an AF_XDP socket) or {@code packet} (a packet socket, through the pod's own offloads).
 * @param flows flows, told apart by source port; packets take turns among them.
 * @param length bytes of a packet from the Ethernet header on, without frame check sequence.
 * @param ratePps packets a second; 0 = as fast as it goes.
 * @param seconds bound in time.
 * @param count bound in packets; 0 = none.
 * @param stamped whether each packet carries its number and time of sending.
 * @param cpu CPU to stay on; -1 = any.
 * @param addresses Ethernet and IP addresses.
 */
public record TrafficSpec(String namespace, String interfaceName, String backend, int flows, int length, long ratePps,
                          int seconds, long count, boolean stamped, int cpu, Addresses addresses) {
    /**
     * Who sends to whom.
     *
     * @param sourceMac sender's MAC address.
     * @param destinationMac receiver's, or the next hop's.
     * @param source sender's IPv4 address; beyond 16384 flows the following ones are used too.
     * @param destination receiver's IPv4 address.
     */
    public record Addresses(String sourceMac, String destinationMac, String source, String destination) {
    }

    /**
     * The same packets, another rate.
     *
     * @param pps packets a second; 0 = as fast as it goes.
     * @return a copy.
     */
    public TrafficSpec withRate(final long pps) {
        return new TrafficSpec(namespace, interfaceName, backend, flows, length, pps, seconds, count, stamped, cpu,
            addresses);
    }

    /**
     * The same packets, stopped by hand or after so many seconds at the latest.
     *
     * @param secondsMax the bound.
     * @return a copy.
     */
    public TrafficSpec withSeconds(final int secondsMax) {
        return new TrafficSpec(namespace, interfaceName, backend, flows, length, ratePps, secondsMax, count, stamped,
            cpu, addresses);
    }

    /**
     * The same packets, each with its number and time of sending.
     *
     * @return a copy.
     */
    public TrafficSpec withStamps() {
        return new TrafficSpec(namespace, interfaceName, backend, flows, length, ratePps, seconds, count, true, cpu,
            addresses);
    }

    /**
     * The command that sends them.
     *
     * @param generator path of {@code xskgen}.
     * @return program and arguments.
     */
    public List<String> command(final Path generator) {
        final List<String> command = new ArrayList<>(List.of(generator.toString(), "send", "--netns", namespace,
            "--interface", interfaceName, "--backend", backend, "--flows", String.valueOf(flows),
            "--length", String.valueOf(length), "--rate", String.valueOf(ratePps),
            "--seconds", String.valueOf(seconds), "--stamp", stamped ? "1" : "0",
            "--source-mac", addresses.sourceMac(), "--destination-mac", addresses.destinationMac(),
            "--source", addresses.source(), "--destination", addresses.destination()));
        if (count > 0) {
            command.addAll(List.of("--count", String.valueOf(count)));
        }
        if (cpu >= 0) {
            command.addAll(List.of("--cpu", String.valueOf(cpu)));
        }
        return command;
    }
}
