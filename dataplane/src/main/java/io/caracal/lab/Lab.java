package io.caracal.lab;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.caracal.bindings.NetNamespace;

/**
 * Nodes and pods out of network namespaces, as real as the Calico CNI plugin lays them out: for the demo, for
 * integration tests and for measurements. A router's namespace joins the nodes.
 *
 * <p>Any thread may call; calls exclude each other. Whoever creates a lab closes it; a shutdown hook closes it when the
 * JVM ends by itself or by a signal, and after {@code kill -9} the next {@link LabSweep} removes what is left. Needs
 * root (CAP_SYS_ADMIN, CAP_NET_ADMIN). Everything is inside namespaces whose names begin with {@code caracal-lab-} and
 * below {@code /dev/shm/caracal-lab}: the host's own network is not touched.
 *
 * <pre>{@code
 * try (Lab lab = Lab.create("demo")) {
 *     LabNode node = lab.addNode("node1");
 *     LabPod web = node.addPod("shop", "web");
 *     ServerSocket server = web.call(() -> new ServerSocket(80));
 * }
 * }</pre>
 */
public final class Lab implements AutoCloseable {
    /** What the CNI plugin gives a pod where Calico encapsulates with VXLAN on an underlay of 1500 bytes. */
    public static final int POD_MTU_DEFAULT = 1450;
    /** The underlay's usual MTU in bytes: that of plain Ethernet. */
    public static final int UNDERLAY_MTU = 1500;

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final String ROUTER = "router";

    private final LabDirectory directory;
    private final NetNamespace router;
    private final List<LabNode> nodes = new ArrayList<>();
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final Thread hook = new Thread(this::close, "caracal-lab-close");
    private boolean isClosed;

    private Lab(final LabDirectory directory) {
        this.directory = directory;
        this.router = NetNamespace.create(directory.namespacePrefix() + ROUTER);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Makes an empty lab, with its router.
     *
     * @param purpose a short word that its namespaces' names carry: lower-case letters and digits.
     * @return the lab.
     * @throws IllegalArgumentException when the purpose is another kind of word.
     * @throws io.caracal.bindings.NativeCallException EPERM without root.
     */
    public static Lab create(final String purpose) {
        if (!purpose.matches("[a-z0-9]{1,16}")) {
            throw new IllegalArgumentException("lab '" + purpose + "' is not 1 to 16 lower-case letters and digits");
        }
        final LabDirectory directory = LabDirectory.create(
            purpose + '-' + ProcessHandle.current().pid() + '-' + COUNT.incrementAndGet());
        final Lab lab;
        try {
            lab = new Lab(directory);
        } catch (final RuntimeException e) {
            directory.remove();
            throw e;
        }
        try {
            lab.router.run(() -> {
                Sysctl.set("ipv4/ip_forward", 1);
                Sysctl.set("ipv6/conf/all/forwarding", 1);
            });
        } catch (final RuntimeException e) {
            lab.close();
            throw e;
        }
        return lab;
    }

    /**
     * Adds a node: a namespace with an uplink {@code eth0} to the router, its own addresses and forwarding on, as
     * kubelet and Felix leave it.
     *
     * @param name a Kubernetes node name of at most 32 characters.
     * @return the node, of this lab and closed with it.
     * @throws IllegalStateException when the lab is closed.
     */
    public LabNode addNode(final String name) {
        return addNode(name, UNDERLAY_MTU);
    }

    /**
     * The same over a link of another size.
     *
     * @param name a Kubernetes node name of at most 32 characters.
     * @param linkMtu bytes of an IP packet that its link to the router takes.
     * @return the node, of this lab and closed with it.
     * @throws IllegalStateException when the lab is closed.
     */
    public synchronized LabNode addNode(final String name, final int linkMtu) {
        requireOpen();
        requireName(name);
        final LabNode node = new LabNode(directory, name, nodes.size() + 1, router, linkMtu);
        nodes.add(node);
        return node;
    }

    /**
     * Begins the names of this lab's network namespaces; whatever else is named so goes with the lab.
     *
     * @return ends with a dash.
     */
    public String namespacePrefix() {
        return directory.namespacePrefix();
    }

    /**
     * The nodes.
     *
     * @return in the order in which they were added.
     */
    public synchronized List<LabNode> nodes() {
        return List.copyOf(nodes);
    }

    /**
     * Hands something to the lab that must end before the namespaces go: an engine, a server in a pod.
     *
     * @param resource closed by the lab, the last one handed over first.
     * @param <T>      its type.
     * @return the resource.
     * @throws IllegalStateException when the lab is closed; the resource is the caller's then.
     */
    public synchronized <T extends AutoCloseable> T own(final T resource) {
        requireOpen();
        owned.push(resource);
        return resource;
    }

    /**
     * Ends what the lab owns, then the processes left in its namespaces, then the namespaces with every interface in
     * them, mounts and files. Further calls do nothing. A failure does not keep the rest from being removed.
     *
     * @throws IllegalStateException when something could not be removed, with every failure as suppressed.
     */
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        final List<Exception> failures = new ArrayList<>();
        while (!owned.isEmpty()) {
            attempt(owned.pop()::close, failures);
        }
        attempt(() -> LabProcesses.endAllIn(LabSweep.namespacesBeginningWith(directory.namespacePrefix())), failures);
        nodes.forEach(node -> attempt(node::close, failures));
        attempt(router::close, failures);
        LabSweep.namespacesBeginningWith(directory.namespacePrefix())
            .forEach(name -> attempt(() -> NetNamespace.delete(name), failures));
        attempt(directory::remove, failures);
        if (Thread.currentThread() != hook) {
            forgetHook();
        }
        if (!failures.isEmpty()) {
            final IllegalStateException failure = new IllegalStateException("close lab " + directory.id() + ": "
                + failures.size() + " things could not be removed; the next start or './caracal cleanup' tries again");
            failures.forEach(failure::addSuppressed);
            throw failure;
        }
    }

    private static void attempt(final ClosingStep step, final List<Exception> failures) {
        try {
            step.run();
        } catch (final Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            failures.add(e);
        }
    }

    /** Closing one thing. */
    private interface ClosingStep {
        void run() throws Exception;
    }

    /** The JVM refuses it while it shuts down; the hook then finds the lab closed. */
    private void forgetHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException e) {
            assert isClosed : e;
        }
    }

    private void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("lab " + directory.id() + " is closed");
        }
    }

    /** Kubernetes' own rule for names (RFC 1123), shorter: they become part of file names. */
    static void requireName(final String name) {
        if (!name.matches("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")) {
            throw new IllegalArgumentException(
                "name '" + name + "' is not 1 to 32 lower-case letters, digits and dashes");
        }
    }
}
