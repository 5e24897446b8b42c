package io.caracal.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.caracal.bindings.Ethtool;
import io.caracal.bindings.Ethtool.Offload;
import io.caracal.lab.LabPod;

/** The step that looks whether the pods are as the CNI plugin made them, and whether TCP was happy. */
final class PodHealth {
    /** What a pod's sender leaves to the "hardware", which is where a veth pair's speed comes from. */
    private static final List<Offload> OFFLOADS = List.of(Offload.TX_CHECKSUM, Offload.TSO);
    private static final Path SNMP = Path.of("/proc/thread-self/net/snmp");

    private PodHealth() {
    }

    static Outcome check(final Scene scene) throws Exception {
        long checksumErrors = 0;
        for (final LabPod pod : List.of(scene.client(), scene.web())) {
            for (final Offload offload : OFFLOADS) {
                if (!pod.call(() -> Ethtool.isOn("eth0", offload))) {
                    return Outcome.failed("offload " + offload + " is not on in " + pod);
                }
            }
            checksumErrors += pod.call(() -> tcpCounter(Files.readAllLines(SNMP), "InCsumErrors"));
        }
        final String happened = "checksum and segmentation offload on, " + checksumErrors + " checksum errors";
        final Map<String, Double> figures = Map.of("tcpInCsumErrors", (double)checksumErrors);
        return new Outcome(checksumErrors == 0, happened, figures);
    }

    /** A counter of TCP in {@code /proc/net/snmp}: a line of names, then a line of values. */
    static long tcpCounter(final List<String> snmp, final String name) throws DemoFailure {
        final List<String> lines = snmp.stream().filter(line -> line.startsWith("Tcp:")).toList();
        final int column = lines.isEmpty() ? -1 : List.of(lines.getFirst().split(" ")).indexOf(name);
        if (column < 0 || lines.size() < 2) {
            throw new DemoFailure("/proc/net/snmp has no Tcp " + name);
        }
        return Long.parseLong(lines.get(1).split(" ")[column]);
    }
}
