package io.caracal.perf.pods;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.caracal.lab.LabPod;
import io.caracal.perf.tool.BenchDirectory;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.ToolProcess;

/**
 * Open vSwitch in user space with AF_XDP on the pods' interfaces and its own connection tracking, the same policy as
 * flows. Both daemons run in the node's namespace with a directory of their own; nothing of an installed Open vSwitch
 * is touched. Pods leave checksums to themselves: AF_XDP on their veth is given unfinished ones otherwise.
 */
final class OvsPath implements Carrier {
    /** Debian's package by its programs. */
    static final Map<String, String> PACKAGES = Map.of("ovs-vswitchd", "openvswitch-switch", "ovsdb-server",
        "openvswitch-switch", "ovs-vsctl", "openvswitch-common", "ovs-ofctl", "openvswitch-common", "ethtool",
        "ethtool");

    private static final String GATEWAY = "169.254.1.1";
    private static final int START_MS_MAX = 10_000;
    private static final int POLL_MS = 50;

    private final String namespace;
    private final Path directory;
    private final List<ToolProcess> daemons = new ArrayList<>();

    private OvsPath(final String namespace, final Path directory) {
        this.namespace = namespace;
        this.directory = directory;
    }

    static PodPath lay(final PodSetting setting, final String who) throws IOException, InterruptedException {
        final PodNode pods = new PodNode(setting, who);
        final Path directory = BenchDirectory.create(Path.of(System.getProperty("java.io.tmpdir")));
        final OvsPath ovs = new OvsPath(pods.node().namespace().name(), directory);
        try {
            ovs.start(pods);
            for (final LabPod pod : List.of(pods.client(), pods.api(), pods.database())) {
                ovs.join(pod);
            }
            ovs.run(List.of("ovs-ofctl", "add-flows", "br0", "-"), flows(pods));
            ovs.pause();
            return pods.path(who, ovs.daemons.stream().map(ToolProcess::pid).toList(), ovs);
        } catch (final IOException | InterruptedException | RuntimeException e) {
            ovs.close();
            throw e;
        }
    }

    private void start(final PodNode pods) throws IOException, InterruptedException {
        final String database = directory.resolve("conf.db").toString();
        final String socket = directory.resolve("db.sock").toString();
        run(List.of("ovsdb-tool", "create", database), "");
        daemons.add(daemon(pods, "ovsdb-server", database, "--remote=punix:" + socket));
        awaitFile(directory.resolve("db.sock"));
        run(List.of("ovs-vsctl", "--db=unix:" + socket, "--no-wait", "init"), "");
        daemons.add(daemon(pods, "ovs-vswitchd", "unix:" + socket, "--disable-system", "-vconsole:warn"));
        run(List.of("ovs-vsctl", "--db=unix:" + socket, "--timeout=10", "add-br", "br0", "--", "set", "bridge", "br0",
            "datapath_type=netdev", "fail_mode=secure"), "");
    }

    private ToolProcess daemon(final PodNode pods, final String program, final String... options) throws IOException {
        final List<String> words = new ArrayList<>(List.of("env", "OVS_RUNDIR=" + directory, program));
        words.addAll(List.of(options));
        words.addAll(List.of("--unixctl=" + directory.resolve(program + ".ctl"), "--no-chdir"));
        return ToolProcess.start(program, pods.node().detachedCommand(words));
    }

    private static void awaitFile(final Path file) throws InterruptedException {
        for (int waitedMs = 0; !Files.exists(file) && waitedMs < START_MS_MAX; waitedMs += POLL_MS) {
            Thread.sleep(POLL_MS);
        }
    }

    private String run(final List<String> command, final String input) throws InterruptedException {
        final List<String> words = new ArrayList<>(List.of("env", "OVS_RUNDIR=" + directory));
        words.addAll(command);
        return NamespaceCommand.run(namespace, words, input);
    }

    private void join(final LabPod pod) throws InterruptedException {
        final String pods = pod.namespace().name();
        NamespaceCommand.run(pods, List.of("ethtool", "-K", "eth0", "tx", "off"), "");
        NamespaceCommand.run(pods, List.of("ip", "neighbour", "replace", GATEWAY, "lladdr", LabPod.HOST_END_MAC, "dev",
            "eth0", "nud", "permanent"), "");
        run(List.of("ovs-vsctl", "--db=unix:" + directory.resolve("db.sock"), "--timeout=10", "add-port", "br0",
            pod.interfaceName(), "--", "set", "interface", pod.interfaceName(), "type=afxdp"), "");
    }

    /** Tracked in table 0, judged in table 1: what is established passes, the policy decides about what is new. */
    private static String flows(final PodNode pods) {
        final StringBuilder text = new StringBuilder("table=0,priority=1,ip,actions=ct(table=1)\n"
            + "table=1,priority=90,ct_state=+trk+inv,actions=drop\n");
        for (final LabPod pod : List.of(pods.client(), pods.api(), pods.database())) {
            text.append("table=1,priority=80,ct_state=+trk+est,ip,nw_dst=").append(pod.ipv4()).append(",actions=")
                .append(deliver(pod)).append('\n');
        }
        return text.append("table=1,priority=70,ct_state=+trk+new,tcp,nw_src=").append(pods.client().ipv4())
            .append(",nw_dst=").append(pods.api().ipv4()).append(",tp_dst=").append(PodPath.API_PORT)
            .append(",actions=ct(commit),").append(deliver(pods.api())).append('\n')
            .append("table=1,priority=70,ct_state=+trk+new,ip,nw_dst=").append(pods.database().ipv4())
            .append(",actions=ct(commit),").append(deliver(pods.database())).append('\n').toString();
    }

    private static String deliver(final LabPod pod) {
        return "dec_ttl,mod_dl_src:" + LabPod.HOST_END_MAC + ",mod_dl_dst:" + pod.mac() + ",output:"
            + pod.interfaceName();
    }

    /** Its threads poll: without packets they would still have a processor for themselves. */
    @Override
    public void pause() throws InterruptedException {
        signal("-STOP");
    }

    @Override
    public void resume() throws InterruptedException {
        signal("-CONT");
    }

    private void signal(final String signal) throws InterruptedException {
        NamespaceCommand.run(namespace, List.of("kill", signal, String.valueOf(daemons.getLast().pid())), "");
    }

    @Override
    public void close() throws IOException {
        try {
            if (!daemons.isEmpty()) {
                resume();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        daemons.reversed().forEach(ToolProcess::close);
        BenchDirectory.remove(directory);
    }
}
