package io.caracal.demo;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.caracal.lab.LabPod;

/** Steps that ping, with iputils' ping. */
final class Reachability {
    static final int PINGS = 5;
    private static final Pattern COUNTS = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");
    private static final Pattern TIMES = Pattern.compile("= [\\d.]+/([\\d.]+)/");

    private Reachability() {
    }

    static Outcome pingIpv4(final Scene scene) throws Exception {
        return ping(scene.client(), scene.web().ipv4());
    }

    static Outcome pingIpv6(final Scene scene) throws Exception {
        return ping(scene.client(), scene.web().ipv6());
    }

    static Outcome ping(final LabPod from, final String address) throws Exception {
        final CommandRun run = CommandRun.of(
            from.command("ping", "-n", "-c", Integer.toString(PINGS), "-i", "0.1", "-W", "2", address), 20);
        return judge(run.output(), from, address);
    }

    /** All answered, or what was not. */
    static Outcome judge(final String output, final LabPod from, final String address) {
        final Matcher counts = COUNTS.matcher(output);
        if (!counts.find()) {
            return Outcome.failed("ping " + address + " from " + from + ": " + output.strip());
        }
        final String happened = counts.group(2) + " of " + counts.group(1) + " answered";
        final Matcher times = TIMES.matcher(output);
        if (!counts.group(1).equals(counts.group(2)) || !times.find()) {
            return Outcome.failed(happened);
        }
        final double averageMs = Double.parseDouble(times.group(1));
        return Outcome.passed(happened + ", " + Text.decimal(averageMs * 1000) + " µs on average",
            Map.of("averageRoundTripUs", averageMs * 1000));
    }

    static Outcome pingAll(final Scene scene) throws Exception {
        int count = 0;
        for (final LabPod from : scene.pods()) {
            for (final LabPod to : scene.pods()) {
                if (from != to) {
                    if (!answers(from, to.ipv4(), 2)) {
                        return Outcome.failed(to + " does not answer " + from);
                    }
                    count++;
                }
            }
        }
        return Outcome.passed(count + " of " + count + " pairs");
    }

    /** Whether one ping is answered. */
    static boolean answers(final LabPod from, final String address, final int timeoutSeconds) throws Exception {
        final List<String> command =
            from.command("ping", "-n", "-q", "-c", "1", "-W", Integer.toString(timeoutSeconds), address);
        return CommandRun.of(command, timeoutSeconds + 10).exitCode() == 0;
    }
}
