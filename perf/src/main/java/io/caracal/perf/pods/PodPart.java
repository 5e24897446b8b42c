package io.caracal.perf.pods;

import java.util.List;

import io.caracal.perf.report.Bar;
import io.caracal.perf.report.Findings;

/**
 * One figure of a scenario: a load over a layout, and who is measured under it.
 *
 * @param figure its name in rows.
 * @param layout what is between the pods.
 * @param load what goes over it.
 * @param peers who is measured.
 * @param bars what must be reached.
 */
record PodPart(String figure, PodSetting.Layout layout, PodLoad load, List<PodPeer> peers, List<Bar> bars) {
    PodPart {
        peers = List.copyOf(peers);
        bars = List.copyOf(bars);
    }

    /** What is found of it, round by round. */
    Findings.Figure<PodFigures> finding() {
        return new Findings.Figure<>(figure, load.figure().unit(), PodFigures::value, PodFigures::latencies,
            new Findings.Quantiles(figure, 0.5, 0.99, 0.999), bars);
    }

    /** A bar on Caracal's ratio to a peer. */
    static Bar atLeast(final String figure, final PodPeer peer, final double limit) {
        return new Bar(figure, PodPeer.CARACAL.who(), peer.who(), Bar.Direction.AT_LEAST, limit, "");
    }
}
