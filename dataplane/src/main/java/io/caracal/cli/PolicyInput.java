package io.caracal.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.caracal.control.ControlProblem;
import io.caracal.control.felix.ChangeFeed;
import io.caracal.control.felix.FelixSession;
import io.caracal.control.felix.FelixStreamFile;
import io.caracal.control.manifest.ManifestLoader;
import io.caracal.control.probe.ProbeNode;
import io.caracal.control.proto.ToDataplane;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code --stream} or {@code --manifests}: where the policy comes from that a command asks; shared by those that do.
 */
final class PolicyInput {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;
    @Option(names = "--stream", paramLabel = "FILE", description = "a recorded Felix stream (.bin or .bin.gz)")
    private Path stream;
    @Option(names = "--manifests", paramLabel = "PATH", description = {
        "manifests: a file or a directory; may be repeated,", "later ones stand on top of earlier ones"})
    private List<Path> manifests = new ArrayList<>();
    @Option(names = "--node", paramLabel = "NAME",
        description = "the node that decides (default: as the stream says; with manifests the host name)")
    private String node;
    @Option(names = "--uplink", paramLabel = "IF", defaultValue = "eth0",
        description = "name of its uplink, for host endpoints (default: ${DEFAULT-VALUE})")
    private String uplink;
    @Option(names = "--felix-setting", paramLabel = "KEY=VALUE", description = {
        "a Felix setting that wins over the manifests', as Felix's environment does:",
        "DefaultEndpointToHostAction=ACCEPT; may be repeated"})
    private Map<String, String> settings = new LinkedHashMap<>();

    /** The node's name: as given, else as the stream says, else the host's. */
    String node() throws IOException {
        if (node == null && stream != null) {
            final String[] said = {""};
            FelixStreamFile.forEach(stream, message -> {
                if (message.getPayloadCase() == ToDataplane.PayloadCase.CONFIG_UPDATE) {
                    said[0] = message.getConfigUpdate().getConfigMap().getOrDefault("FelixHostname", said[0]);
                }
            });
            node = said[0].isEmpty() ? null : said[0];
        }
        return node == null ? InetAddress.getLocalHost().getHostName() : node;
    }

    /**
     * The node with everything that was said about it.
     *
     * @throws ParameterException when neither or both are given.
     * @throws IOException        when a file cannot be read.
     */
    ProbeNode load() throws IOException {
        if (stream == null == manifests.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "give either --stream FILE or --manifests PATH");
        }
        final ProbeNode target = new ProbeNode(node(), uplink);
        final List<ControlProblem> problems = new ArrayList<>();
        if (stream != null) {
            final FelixSession session =
                FelixStreamFile.replay(stream, new ChangeFeed(target, key -> stream.toString()));
            if (!session.isInSync()) {
                throw new IOException("read " + stream + ": the stream ends before in-sync");
            }
        } else {
            final ManifestLoader.Loaded loaded = new ManifestLoader(manifests, node(), settings).load();
            problems.addAll(loaded.notes());
            new ChangeFeed(target, loaded.places()).replace(loaded.state());
        }
        problems.addAll(target.policy().problems());
        problems.forEach(problem -> spec.commandLine().getErr().println("caracal: " + problem));
        spec.commandLine().getErr().flush();
        return target;
    }
}
