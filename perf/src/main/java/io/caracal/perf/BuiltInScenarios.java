package io.caracal.perf;

import java.util.List;

import io.caracal.perf.conntrack.ConntrackScenario;
import io.caracal.perf.control.ControlScenario;
import io.caracal.perf.forward.FlowsScenario;
import io.caracal.perf.forward.ForwardScenario;
import io.caracal.perf.life.IdleScenario;
import io.caracal.perf.life.SoakScenario;
import io.caracal.perf.life.StartScenario;
import io.caracal.perf.micro.MicroScenario;
import io.caracal.perf.pods.ManyPodsScenario;
import io.caracal.perf.pods.PodScenarios;
import io.caracal.perf.pods.RestartScenario;
import io.caracal.perf.pods.VictimScenario;
import io.caracal.perf.policy.ClassifierScenario;
import io.caracal.perf.policy.IpSetScenario;
import io.caracal.perf.policy.PolicyScenario;

/** The one place that names every scenario: a new one is a class and a line here. */
final class BuiltInScenarios {
    private BuiltInScenarios() {
    }

    static ScenarioRegistry registry() {
        final List<FlowsScenario> latencies = FlowsScenario.latencies();
        return new ScenarioRegistry(List.of(
            PodScenarios.tcp(1),
            PodScenarios.tcp(4),
            PodScenarios.tcpByJava(),
            PodScenarios.udp(64),
            PodScenarios.udp(1400),
            PodScenarios.service(true),
            PodScenarios.service(false),
            PodScenarios.vxlan(1),
            PodScenarios.vxlan(4),
            PodScenarios.natOutgoing(),
            PodScenarios.vxlanByJava(),
            FlowsScenario.rate(),
            PodScenarios.connections(1),
            PodScenarios.connections(64),
            PodScenarios.rules("crr-1000-rules", 1000),
            PodScenarios.rules("crr-10k-rules", 10_000),
            latencies.getFirst(),
            latencies.getLast(),
            PodScenarios.requests(),
            new ManyPodsScenario(),
            new VictimScenario(),
            PodScenarios.cpu(),
            new RestartScenario(),
            MicroScenario.memory(),
            new ConntrackScenario(),
            new ForwardScenario(),
            MicroScenario.rings(),
            MicroScenario.parse(),
            new StartScenario(),
            new IdleScenario(),
            new SoakScenario(),
            MicroScenario.pipeline(),
            new ClassifierScenario(),
            new PolicyScenario(),
            new IpSetScenario(),
            new ControlScenario()));
    }
}
