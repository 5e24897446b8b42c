package io.caracal.dataplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.WorkloadEndpointId;

/**
 * A file for each workload endpoint that is attached and policed, below {@code EndpointStatusPathPrefix}: the CNI
 * plugin waits for it ({@code policy_setup_timeout_seconds}), confd reads it. Felix writes them for its own dataplane
 * only: from another it never hears that it is in sync (felix/statusrep/status_file_reporter.go; the names are those of
 * libcalico-go/lib/names/workloadendpointstatus.go).
 *
 * <p>Nothing is written where the prefix is no directory: no CNI plugin of Calico is there then. Status thread
 * only.</p>
 */
final class EndpointStatusFiles {
    private static final String PREFIX = "EndpointStatusPathPrefix";
    private static final String PREFIX_DEFAULT = "/var/run/calico";
    private static final String DIRECTORY = "endpoint-status";
    /** What Go's url.PathEscape leaves as it is, beside letters and digits. */
    private static final String UNESCAPED = "-_.~$&+=:@";

    /**
     * Makes the files what they shall be.
     *
     * @param snapshot in sync; before that nothing is touched.
     * @param settings Felix's.
     * @throws IOException naming the file.
     */
    void update(final EndpointSnapshot snapshot, final Map<String, String> settings) throws IOException {
        final String prefix = settings.getOrDefault(PREFIX, PREFIX_DEFAULT);
        if (!snapshot.inSync() || prefix.isEmpty() || !Files.isDirectory(Path.of(prefix))) {
            return;
        }
        final Path directory = Files.createDirectories(Path.of(prefix, DIRECTORY));
        final Map<String, String> wanted = new HashMap<>();
        for (final Map.Entry<WorkloadEndpointUpdate, Boolean> each : snapshot.workloads().entrySet()) {
            if (each.getValue()) {
                wanted.put(fileName(each.getKey().id()), Json.MAPPER.writeValueAsString(content(each.getKey())));
            }
        }
        for (final Path file : files(directory)) {
            final String name = file.getFileName().toString();
            if (!wanted.containsKey(name)) {
                Files.deleteIfExists(file);
            } else if (Files.readString(file).equals(wanted.get(name))) {
                wanted.remove(name);
            }
        }
        for (final Map.Entry<String, String> each : wanted.entrySet()) {
            final Path draft = Files.writeString(directory.resolve("." + each.getKey()), each.getValue());
            Files.move(draft, directory.resolve(each.getKey()), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static List<Path> files(final Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static Map<String, Object> content(final WorkloadEndpointUpdate endpoint) {
        final Map<String, Object> content = new LinkedHashMap<>();
        content.put("ifaceName", endpoint.interfaceName());
        endpoint.mac().ifPresent(mac -> content.put("mac", mac.toString()));
        if (!endpoint.ipv4Networks().isEmpty()) {
            content.put("ipv4Nets", endpoint.ipv4Networks().stream().map(Object::toString).toList());
        }
        if (!endpoint.ipv6Networks().isEmpty()) {
            content.put("ipv6Nets", endpoint.ipv6Networks().stream().map(Object::toString).toList());
        }
        return content;
    }

    /** As {@code k8s shop%2Fweb eth0}. */
    static String fileName(final WorkloadEndpointId id) {
        return escape(id.orchestratorId()) + ' ' + escape(id.workloadId()) + ' ' + escape(id.endpointId());
    }

    private static String escape(final String text) {
        final StringBuilder escaped = new StringBuilder();
        for (final byte each : text.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
            final char c = (char)(each & 0xff);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || UNESCAPED.indexOf(c) >= 0)) {
                escaped.append(c);
            } else {
                escaped.append('%').append(String.format("%02X", (int)c));
            }
        }
        return escaped.toString();
    }
}
