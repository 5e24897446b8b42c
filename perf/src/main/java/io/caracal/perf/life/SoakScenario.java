package io.caracal.perf.life;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.NativeTools;

/**
 * An hour's worth of packets while interfaces come and go, then a {@code kill -9} and a new engine: what is lost, what
 * is left, what is allocated. Five minutes.
 */
public final class SoakScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final Bar PACKETS = atLeast("soak-packets", 20_000_000, "packets");
    private static final Bar INTERFACES = atLeast("soak-interfaces", 1000, "made and deleted");
    private static final Bar FRAMES = none("soak-frames-missing", "frames");
    private static final Bar DESCRIPTORS = none("soak-descriptors-left", "descriptors");
    private static final Bar KERNEL_OBJECTS = none("soak-kernel-objects-left", "links and pins");
    private static final Bar ALLOCATION = none("soak-allocated", "bytes in 10 s of packets");
    private static final Bar FAILURES = none("soak-failures", "cycles that threw");
    private static final Bar ADOPTED = none("soak-take-over-frames-missing", "frames");
    private static final String TAKE_OVER = "soak-take-over-gap";

    /** Made once, for the registry. */
    public SoakScenario() {
    }

    private static Bar atLeast(final String figure, final double limit, final String unit) {
        return new Bar(figure, CARACAL, Bar.LIMIT, Bar.Direction.AT_LEAST, limit, unit);
    }

    private static Bar none(final String figure, final String unit) {
        return new Bar(figure, CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 0, unit);
    }

    @Override
    public String name() {
        return "soak";
    }

    @Override
    public String sentence() {
        return "20 million packets, 1000 interfaces made and deleted meanwhile, a kill -9 and the next engine:"
            + " frames, descriptors, kernel objects, allocation";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL);
    }

    @Override
    public List<Bar> bars() {
        return List.of(PACKETS, INTERFACES, FRAMES, DESCRIPTORS, KERNEL_OBJECTS, ALLOCATION, FAILURES, ADOPTED);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final long packetCount = (long)(settings.quick() ? PACKETS.limit() / 20 : PACKETS.limit());
        final int interfaceCount = (int)(settings.quick() ? INTERFACES.limit() / 20 : INTERFACES.limit());
        try (NativeTools tools = NativeTools.open()) {
            return result(new SoakRun(settings, tools.generator(), packetCount, interfaceCount).run());
        }
    }

    private static ScenarioResult result(final SoakRun.Findings found) {
        final List<ResultRow> rows = new ArrayList<>();
        final List<RatioRow> verdicts = List.of(
            judge(rows, PACKETS, found.packets()), judge(rows, INTERFACES, found.interfaces()),
            judge(rows, FRAMES, found.framesMissing()), judge(rows, DESCRIPTORS, found.descriptorsLeft()),
            judge(rows, KERNEL_OBJECTS, found.kernelObjectsLeft()), judge(rows, ALLOCATION, found.allocatedBytes()),
            judge(rows, FAILURES, found.failures()), judge(rows, ADOPTED, found.framesMissingAfterTakeOver()));
        rows.add(ResultRow.of(TAKE_OVER, CARACAL, "ms", Sample.of(found.takeOverGapMs())));
        return new ScenarioResult(rows, verdicts, List.of("The gap is from kill -9, with the next engine started at"
            + " once, to the first packet that it forwarded.", "Frames missing: what the ledger does not find in pool,"
            + " rings and stages, and every breach of the law of frames that the worker has counted."), List.of());
    }

    private static RatioRow judge(final List<ResultRow> rows, final Bar bar, final double value) {
        rows.add(ResultRow.of(bar.scenario(), CARACAL, bar.unit(), Sample.of(value)));
        return bar.judge(value);
    }
}
