package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** FelixConfiguration and ClusterInformation → the texts of {@code ConfigUpdate} (felixconfigprocessor.go). */
final class FelixSettingsReader {
    private static final Map<String, Setting> SETTINGS = settings();
    private static final Pattern DURATION_PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|us|µs|ns|h|m|s)");
    private static final Map<String, Double> SECONDS = Map.of("h", 3600.0, "m", 60.0, "s", 1.0, "ms", 1e-3, "us", 1e-6,
        "µs", 1e-6, "ns", 1e-9);

    private final ManifestModel model;

    /** A field's name for Felix, and the form of its value. */
    private record Setting(String name, String form) {
    }

    FelixSettingsReader(final ManifestModel model) {
        this.model = model;
    }

    private static Map<String, Setting> settings() {
        final Map<String, Setting> settings = new TreeMap<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
            FelixSettingsReader.class.getResourceAsStream("felix-settings.txt"), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                final String[] words = line.split(" ");
                if (!line.startsWith("#")) {
                    settings.put(words[0], new Setting(words[1], words[2]));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("read felix-settings.txt of this jar", e);
        }
        return settings;
    }

    void readFelixConfiguration(final ManifestFields root) {
        final String name = root.at("/metadata").required("name");
        final ManifestFields spec = root.part("spec");
        final Map<String, String> values = new TreeMap<>();
        if (spec != null) {
            spec.names().forEach(field -> {
                final String value = value(spec, field);
                if (value != null) {
                    values.put(SETTINGS.get(field).name(), value);
                }
            });
        }
        model.felixConfigurations.put(name, values);
    }

    /** Null where there is no value, and where it is refused. */
    private static String value(final ManifestFields spec, final String field) {
        final Setting setting = SETTINGS.get(field);
        final JsonNode value = spec.value(field);
        if (setting == null) {
            spec.refuse("/" + field, "is no field of FelixConfiguration");
            return null;
        }
        if (value.isNull()) {
            return null;
        }
        return switch (setting.form()) {
            case "flag" -> value.isBoolean() ? value.asText() : wrong(spec, field, "true or false");
            case "number" -> value.isIntegralNumber() ? value.asText() : wrong(spec, field, "a whole number");
            case "duration" -> duration(spec, field, value.asText(), 1);
            case "milliseconds" -> duration(spec, field, value.asText(), 1000);
            case "list" -> String.join(",", spec.texts(field));
            case "failsafes" -> failsafes(spec, field);
            case "portrange" -> value.asText();
            case "text" -> value.isValueNode() ? emptyToNull(value.asText()) : wrong(spec, field, "text");
            default -> {
                spec.notApplied(field, "is not read from manifests: Caracal does nothing about it");
                yield null;
            }
        };
    }

    private static String emptyToNull(final String text) {
        return text.isEmpty() ? null : text;
    }

    private static String wrong(final ManifestFields spec, final String field, final String expected) {
        spec.refuse("/" + field, "must be " + expected);
        return null;
    }

    /** Go's notation, as {@code 1m30s}, into a plain number. */
    private static String duration(final ManifestFields spec, final String field, final String text, final int scale) {
        final Matcher part = DURATION_PART.matcher(text);
        double seconds = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            seconds += Double.parseDouble(part.group(1)) * SECONDS.get(part.group(2));
            end = part.end();
        }
        if (end == 0 || end != text.length()) {
            return "0".equals(text) ? text : wrong(spec, field, "a duration as 90s or 1m30s");
        }
        final double scaled = seconds * scale;
        return scaled == Math.rint(scaled) ? Long.toString((long)scaled) : Double.toString(scaled);
    }

    private static String failsafes(final ManifestFields spec, final String field) {
        final List<String> ports = new ArrayList<>();
        for (final ManifestFields port : spec.objects(field)) {
            port.allowOnly(Set.of("protocol", "port", "net"));
            final Integer number = port.whole("port", 0, 65_535);
            final String net = port.optional("net");
            final String between = net.isEmpty() ? ":" : net.indexOf(':') < 0 ? ":" + net + ":" : ":[" + net + "]:";
            ports.add(port.required("protocol").toLowerCase(Locale.ROOT) + between + number);
        }
        return ports.isEmpty() ? "none" : String.join(",", ports);
    }

    void readClusterInformation(final ManifestFields root) {
        final ManifestFields spec = root.part("spec");
        if (spec != null) {
            final Map<String, String> values = new TreeMap<>();
            values.put("ClusterGUID", spec.optional("clusterGUID"));
            values.put("ClusterType", spec.optional("clusterType"));
            values.put("CalicoVersion", spec.optional("calicoVersion"));
            values.values().removeIf(String::isEmpty);
            model.felixConfigurations.put("cluster", values);
        }
    }
}
