package io.caracal.dataplane;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/**
 * The rules that a real Felix had in node1's kernel (policy allow-frontend-to-api), on a node of a lab: two of the
 * recorded pods become the lab's, addresses likewise, all else is word for word.
 */
final class FelixRules {
    private static final String FRONTEND_INTERFACE = "cali656afe90a5c";
    private static final String API_INTERFACE = "cali013afae62ef";

    private final LabNode node;
    private final Map<String, String> replacements = new LinkedHashMap<>();

    /** @param other the node that may send VXLAN to this one. */
    FelixRules(final LabNode node, final LabPod frontend, final LabPod api, final LabNode other) {
        this.node = node;
        replacements.put(FRONTEND_INTERFACE, frontend.interfaceName());
        replacements.put(API_INTERFACE, api.interfaceName());
        replacements.put("192.168.166.129", frontend.ipv4());
        replacements.put("192.168.166.128", "10.65.0.1");
        replacements.put("192.168.0.0/16", "10.64.0.0/12");
        replacements.put("10.99.0.1\n", node.ipv4() + "\n");
        replacements.put("10.99.0.2\n", other.ipv4() + "\n");
    }

    /** As Felix would at its start. */
    void restore() throws Exception {
        final Path folder = FelixDump.folder("iptables");
        feed(read(folder.resolve("node1.ipset-save")), "ipset", "restore");
        feed(read(folder.resolve("node1.iptables-save")), "iptables-legacy-restore");
    }

    /** The same where other rules are already, which stay. */
    void restoreBeside() throws Exception {
        final Path folder = FelixDump.folder("iptables");
        feed(read(folder.resolve("node1.ipset-save")), "ipset", "restore");
        feed(read(folder.resolve("node1.iptables-save")), "iptables-legacy-restore", "--noflush");
    }

    private String read(final Path file) throws IOException {
        String text = Files.readString(file);
        for (final Map.Entry<String, String> each : replacements.entrySet()) {
            text = text.replace(each.getKey(), each.getValue());
        }
        return text;
    }

    private void feed(final String input, final String... command) throws Exception {
        final Process process = new ProcessBuilder(node.command(command)).redirectErrorStream(true).start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(List.of(command) + ": " + said);
        }
    }
}
