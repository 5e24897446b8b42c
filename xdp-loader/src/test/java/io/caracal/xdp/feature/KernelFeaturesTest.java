package io.caracal.xdp.feature;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.netlink.RouteNetlink;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The probes on the running kernel; on one that has a feature by its version, not finding it is a failure of the probe.
 */
final class KernelFeaturesTest {
    private static final int[] RUNNING = version(System.getProperty("os.version"));

    private static int[] version(final String text) {
        final String[] parts = text.split("[^0-9]+");
        return new int[] {Integer.parseInt(parts[0]), parts.length > 1 ? Integer.parseInt(parts[1]) : 0};
    }

    private static boolean isDue(final KernelFeature feature) {
        final int[] since = version(feature.sinceKernel());
        return RUNNING[0] > since[0] || RUNNING[0] == since[0] && RUNNING[1] >= since[1];
    }

    @Test
    void shouldFindWhatAKernelOfThisAgeHas() {
        final List<String> missing = new ArrayList<>();
        final List<FeatureFinding> findings = KernelFeatures.probe();
        assertEquals(List.of(KernelFeature.values()), findings.stream().map(FeatureFinding::feature).toList());
        for (final FeatureFinding finding : findings) {
            final boolean isReserved = finding.feature() != KernelFeature.HUGE_PAGES || hugePagesAreFree();
            if (isDue(finding.feature()) && isReserved && !finding.isPresent()) {
                missing.add(finding.toString());
            }
            assertEquals(finding.isPresent(), finding.detail().isEmpty(), finding.toString());
        }
        assertEquals(List.of(), missing);
    }

    private static boolean hugePagesAreFree() {
        try {
            final Path free = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
            return Files.exists(free) && !Files.readString(free).strip().equals("0");
        } catch (final java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void shouldLeaveNothingBehind() {
        KernelFeatures.probe();
        final List<String> linksBefore = links();
        final int descriptorsBefore = new File("/proc/self/fd").list().length;
        KernelFeatures.probe();
        assertEquals(linksBefore, links());
        assertEquals(descriptorsBefore, new File("/proc/self/fd").list().length, "open descriptors");
    }

    private static List<String> links() {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            return netlink.links().stream().map(link -> link.index() + " " + link.name())
                .filter(link -> link.contains("caracal-probe")).toList();
        }
    }

    @Test
    void shouldSayWhatHappensWithoutEachFeature() {
        for (final KernelFeature feature : KernelFeature.values()) {
            assertTrue(feature.title().length() <= 60, feature.title());
            assertTrue(!feature.without().isBlank() && !feature.sinceKernel().isBlank(), feature.name());
        }
    }
}
