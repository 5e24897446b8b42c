package io.caracal.xdp.punt;

import io.caracal.bindings.Fd;
import io.caracal.bindings.NetNamespace;
import io.caracal.bindings.Posix;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.testing.TestNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** An engine in a process of its own, for a test to kill: attaches everything, says so, and waits. */
public final class CrashingEngine {
    private CrashingEngine() {
    }

    /** Arguments: namespace, bpffs, tc hook, ifindexes of workload, punt0 and punt1. */
    public static void main(final String[] args) throws InterruptedException {
        final int workload = Integer.parseInt(args[3]);
        final int punt0 = Integer.parseInt(args[4]);
        NetNamespace.open(args[0]).run(() -> {
            final PinDirectory pins = PinDirectory.open(Path.of(args[1]));
            final PuntPrograms programs = PuntPrograms.load(pins, 16);
            programs.configure(new PuntConfig(punt0, TestNode.QUEUES, PuntConfig.HANDED_MARK_DEFAULT,
                PuntConfig.APPROVED_MARK_DEFAULT, OnEngineLoss.DROP, TestNode.SEED));
            programs.putWorkload(workload, TestNode.podBehind());
            final Fd socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
            for (int queue = 0; queue < TestNode.QUEUES; queue++) {
                programs.sockets().set(queue, socket.number());
            }
            final PuntHooks hooks = new PuntHooks(programs, pins, List.of(TcHook.valueOf(args[2])));
            hooks.attachPunt(punt0, Integer.parseInt(args[5]));
            hooks.attachWorkload(workload);
        });
        System.out.println("ready");
        Thread.sleep(60_000);
    }

    /** Starts one and returns when it is ready. */
    static Process start(final TestNode node, final TcHook hook) throws IOException {
        final Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp",
            System.getProperty("java.class.path"),
            CrashingEngine.class.getName(), node.host.name(), node.folder.resolve("bpf").toString(), hook.name(),
            Integer.toString(node.workload), Integer.toString(node.punt0), Integer.toString(node.punt1))
            .redirectErrorStream(true).start();
        final StringBuilder said = new StringBuilder();
        while (!said.toString().contains("ready\n")) {
            final int next = process.getInputStream().read();
            if (next < 0) {
                throw new AssertionError("the engine ended: " + said);
            }
            said.append((char)next);
        }
        return process;
    }
}
