package io.caracal.perf.pods;

import java.io.IOException;
import java.util.List;

import io.caracal.perf.life.EngineUnderTest;

/** The engine as a process on the pods' node, told by manifests. */
final class CaracalPath {
    /** Options of an engine that offloads nothing. */
    static final String[] EVERY_PACKET_BY_JAVA = {"--set", "offload=off"};

    private CaracalPath() {
    }

    static PodPath lay(final PodSetting setting, final String who, final String... options)
        throws IOException, InterruptedException {
        final PodNode pods = new PodNode(setting, who);
        pods.announce();
        final EngineUnderTest engine = EngineUnderTest.start(pods.node(), setting.settings().home(), options);
        try {
            engine.awaitReady();
            pods.addService();
            return pods.path(who, List.of(engine.pid()), engine::close);
        } catch (final InterruptedException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }
}
