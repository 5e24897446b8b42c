package io.caracal.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import io.caracal.bindings.NetNamespace;

/**
 * A node of a {@link Lab}: its network namespace with the uplink {@code eth0}, the host ends of its pods' interfaces,
 * and a folder with what an engine on it needs. Any thread; calls exclude each other. The lab closes it.
 */
public final class LabNode {
    private static final String UPLINK = "eth0";
    /** As Calico's own manifests for Kubernetes set it: pods may reach their node. */
    private static final String FELIX_SETTINGS = """
        apiVersion: projectcalico.org/v3
        kind: FelixConfiguration
        metadata:
          name: default
        spec:
          defaultEndpointToHostAction: Accept
        """;

    private final LabDirectory directory;
    private final String name;
    private final LabAddresses addresses;
    private final int linkMtu;
    private final NetNamespace namespace;
    private final LabLinks links;
    private final Path manifests;
    private final Path bpfFileSystem;
    private final List<LabPod> pods = new ArrayList<>();
    private int nextPodNumber = LabAddresses.FIRST_POD;

    LabNode(final LabDirectory directory, final String name, final int number, final NetNamespace router,
            final int linkMtu) {
        this.directory = directory;
        this.name = name;
        this.addresses = new LabAddresses(number);
        this.linkMtu = linkMtu;
        this.manifests = directory.folder(name, "manifests");
        this.bpfFileSystem = directory.folder(name, "bpf");
        LabMounts.mountBpf(bpfFileSystem);
        writeManifest("felix.yaml", FELIX_SETTINGS);
        this.namespace = NetNamespace.create(directory.namespacePrefix() + name);
        this.links = namespace.call(LabLinks::open);
        try {
            joinTo(router, "node" + number);
        } catch (final RuntimeException e) {
            close();
            throw e;
        }
    }

    private void joinTo(final NetNamespace router, final String routerLink) {
        namespace.run(() -> {
            Sysctl.set("ipv4/ip_forward", 1);
            Sysctl.set("ipv6/conf/all/forwarding", 1);
            Sysctl.set("ipv6/conf/default/accept_dad", 0);
            links.createVeth(UPLINK, routerLink, router, linkMtu);
            links.setUp("lo");
            links.setUp(UPLINK);
            links.addAddress(UPLINK, addresses.nodeIpv4() + "/24");
            links.addAddress(UPLINK, addresses.nodeIpv6() + "/64");
        });
        router.run(() -> {
            try (LabLinks routerLinks = LabLinks.open()) {
                Sysctl.set("ipv6/conf/" + routerLink + "/accept_dad", 0);
                routerLinks.setUp("lo");
                routerLinks.setUp(routerLink);
                routerLinks.addAddress(routerLink, addresses.routerIpv4() + "/24");
                routerLinks.addAddress(routerLink, addresses.routerIpv6() + "/64");
            }
        });
        namespace.run(() -> {
            links.addRoute(UPLINK, "0.0.0.0/0", addresses.routerIpv4());
            links.addRoute(UPLINK, "::/0", addresses.routerIpv6());
        });
    }

    /**
     * Its name, as manifests say it.
     *
     * @return the name.
     */
    public String name() {
        return name;
    }

    /**
     * Its network namespace.
     *
     * @return closed with the lab.
     */
    public NetNamespace namespace() {
        return namespace;
    }

    /**
     * The address of its uplink.
     *
     * @return dotted decimal.
     */
    public String ipv4() {
        return addresses.nodeIpv4();
    }

    /**
     * The IPv6 address of its uplink.
     *
     * @return text.
     */
    public String ipv6() {
        return addresses.nodeIpv6();
    }

    /**
     * Where {@link #announce} writes.
     *
     * @return the folder for {@code --manifests}.
     */
    public Path manifests() {
        return manifests;
    }

    /**
     * A folder for what an engine keeps.
     *
     * @return the folder for {@code --state}.
     */
    public Path state() {
        return directory.folder(name, "state");
    }

    /**
     * A BPF file system of this node's own, unmounted with the lab: its pins are gone then.
     *
     * @return its mount point.
     */
    public Path bpfFileSystem() {
        return bpfFileSystem;
    }

    /**
     * Where an engine on this node shall answer.
     *
     * @return a path for {@code --admin}; nothing is there yet.
     */
    public Path adminSocket() {
        return directory.path().resolve(name).resolve("admin.sock");
    }

    /**
     * The pods that are there.
     *
     * @return in the order in which they were added.
     */
    public synchronized List<LabPod> pods() {
        return List.copyOf(pods);
    }

    /**
     * Adds a pod with the usual MTU, as {@link #addPod(String, String, int)}.
     *
     * @param podNamespace its Kubernetes namespace.
     * @param podName      its name.
     * @return the pod.
     */
    public LabPod addPod(final String podNamespace, final String podName) {
        return addPod(podNamespace, podName, Lab.POD_MTU_DEFAULT);
    }

    /**
     * Adds a pod as the Calico CNI plugin does (cni-plugin/pkg/dataplane/linux): a veth pair whose host end is called
     * {@code cali} and a hash and has the MAC ee:ee:ee:ee:ee:ee and no address, and whose other end is the pod's
     * {@code eth0} with a /32 and a /128 and a default route by 169.254.1.1. Offloads stay as the kernel makes them. No
     * engine knows the pod before {@link #announce}.
     *
     * @param podNamespace its Kubernetes namespace.
     * @param podName      its name.
     * @param mtuBytes     of both ends.
     * @return the pod, closed with the lab or by {@link #removePod}.
     */
    public synchronized LabPod addPod(final String podNamespace, final String podName, final int mtuBytes) {
        Lab.requireName(podNamespace);
        Lab.requireName(podName);
        if (nextPodNumber > LabAddresses.PODS_MAX) {
            throw new IllegalStateException("node " + name + " has had " + nextPodNumber + " pods: no address is left");
        }
        final LabPod pod = LabPod.create(this, podNamespace, podName, mtuBytes, nextPodNumber++);
        pods.add(pod);
        return pod;
    }

    /**
     * Writes the pod's WorkloadEndpoint among the manifests, in one step, and before it its Namespace, whose profile
     * allows everything: an engine that watches them learns of it.
     *
     * @param pod of this node.
     */
    public void announce(final LabPod pod) {
        announce(pod, Map.of());
    }

    /**
     * The same for a pod with labels, by which policies select it.
     *
     * @param pod    of this node.
     * @param labels values by name, plain words.
     */
    public void announce(final LabPod pod, final Map<String, String> labels) {
        writeManifest("namespace." + pod.podNamespace() + ".yaml", """
            apiVersion: v1
            kind: Namespace
            metadata:
              name: %s
            """.formatted(pod.podNamespace()));
        writeManifest(manifestOf(pod).getFileName().toString(), pod.manifest(labels));
    }

    /**
     * Writes a file among the manifests, in one step, or replaces it.
     *
     * @param fileName its name, ending in {@code .yaml}.
     * @param yaml     what it says.
     */
    public void writeManifest(final String fileName, final String yaml) {
        final Path target = manifests.resolve(fileName);
        try {
            final Path draft = Files.writeString(manifests.resolve("." + fileName), yaml);
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (final IOException e) {
            throw new UncheckedIOException("write " + target, e);
        }
    }

    /**
     * Removes the pod's WorkloadEndpoint from the manifests.
     *
     * @param pod of this node, announced or not.
     */
    public void withdraw(final LabPod pod) {
        try {
            Files.deleteIfExists(manifestOf(pod));
        } catch (final IOException e) {
            throw new UncheckedIOException("remove " + manifestOf(pod), e);
        }
    }

    /**
     * Removes a pod with its interface and its manifest; processes in it are ended.
     *
     * @param pod of this node.
     */
    public synchronized void removePod(final LabPod pod) {
        if (pods.remove(pod)) {
            withdraw(pod);
            pod.remove();
        }
    }

    /**
     * Runs something on a thread of its own in the node's network, as {@link NetNamespace#call}.
     *
     * @param body what to run.
     * @param <T>  type of its result.
     * @return its result.
     */
    public <T> T call(final Callable<T> body) {
        return namespace.call(body);
    }

    /**
     * A command as it runs in the node's network. The process is killed when the thread that starts it ends.
     *
     * @param words program and arguments.
     * @return for a {@link ProcessBuilder}.
     */
    public List<String> command(final String... words) {
        return LabProcesses.commandIn(namespace.name(), List.of(words));
    }

    /**
     * A command as it runs in the node's network, for a program that must be let end by itself: nothing kills it but
     * the end of the lab, which ends all processes in it.
     *
     * @param words program and arguments.
     * @return for a {@link ProcessBuilder}.
     */
    public List<String> detachedCommand(final List<String> words) {
        return LabProcesses.detachedCommandIn(namespace.name(), words);
    }

    /** Bytes of an IP packet that its link takes. */
    int linkMtu() {
        return linkMtu;
    }

    LabAddresses addresses() {
        return addresses;
    }

    LabLinks links() {
        return links;
    }

    private Path manifestOf(final LabPod pod) {
        return manifests.resolve(pod.podNamespace() + '.' + pod.name() + ".yaml");
    }

    /** Gives descriptors back; the lab removes the namespaces. */
    void close() {
        pods().forEach(LabPod::closeNamespace);
        links.close();
        namespace.close();
    }
}
