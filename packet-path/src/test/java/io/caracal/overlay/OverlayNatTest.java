package io.caracal.overlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flows to outside and back, and the ICMP errors about them, both ways, in both families. */
class OverlayNatTest {
    private static final Pattern PORT = Pattern.compile("(udp|tcp) (\\d+)>|id=(\\d+)");

    private final OverlayNode node = new OverlayNode();

    /** Pod, outside, node, protocol and port of the pod's packet, the answer with P for the NAT port. */
    @ParameterizedTest(name = "{0} to {1}: {3}")
    @CsvSource({
        "10.65.0.7, 192.0.2.1, 192.168.1.10, udp 5000>53, udp 53>P, udp 53>5000",
        "10.65.0.7, 192.0.2.1, 192.168.1.10, tcp 5000>80, tcp 80>P, tcp 80>5000",
        "10.65.0.7, 192.0.2.1, 192.168.1.10, icmp 8/0 id=7, icmp 0/0 id=P, icmp 0/0 id=7",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, udp 5000>53, udp 53>P, udp 53>5000",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, tcp 5000>80, tcp 80>P, tcp 80>5000",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, icmp6 128/0 id=7, icmp6 129/0 id=P, icmp6 129/0 id=7"})
    void shouldGiveAnswersBack(
        final String pod, final String outside, final String own, final String question, final String answer,
        final String answered) {
        final String port = portOf(node.run("pod12 " + pod + '>' + outside + ' ' + question + " len=33"));
        final String back = "uplink " + outside + '>' + own + ' ' + answer.replace("P", port) + " len=41";
        assertEquals("pod12 " + outside + '>' + pod + ' ' + answered + " len=41 ttl=63", node.run(back));
        assertEquals("NAT_BINDING_UNKNOWN", node.run(back.replace(outside, outside + "0")), "another peer");
        assertEquals(0, node.imbalance());
    }

    @ParameterizedTest(name = "{0} to {1}: error about {3}")
    @CsvSource({
        "10.65.0.7, 192.0.2.1, 192.168.1.10, udp 5000>53, icmp 3/3",
        "10.65.0.7, 192.0.2.1, 192.168.1.10, udp 5000>53, icmp 11/0",
        "10.65.0.7, 192.0.2.1, 192.168.1.10, tcp 5000>80, icmp 3/4 mtu=1400",
        "10.65.0.7, 192.0.2.1, 192.168.1.10, icmp 8/0 id=7, icmp 11/0",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, udp 5000>53, icmp6 1/4",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, tcp 5000>80, icmp6 2/0 mtu=1400",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, icmp6 128/0 id=7, icmp6 3/0"})
    void shouldTranslateErrorsFromOutside(
        final String pod, final String outside, final String own, final String question, final String error) {
        final String port = portOf(node.run("pod12 " + pod + '>' + outside + ' ' + question + " len=20"));
        final String sent = own + '>' + outside + ' ' + withPort(question, port) + " len=20";
        final String router = own.contains(":") ? "2001:db8:7::1" : "192.0.2.77";
        final String asPodSentIt = pod + '>' + outside + ' ' + question + (question.startsWith("icmp ") ? "" : "");
        final String out = node.run("uplink " + router + '>' + own + ' ' + error + " about [" + sent + ']');
        final String quoted = question.startsWith("icmp") ? asPodSentIt + " len=20 ttl=64" : asPodSentIt + " len=20 ttl=64";
        final int quote = (own.contains(":") ? 40 : 20) + (question.startsWith("tcp") ? 20 : 8) + 20;
        assertEquals("pod12 " + router + '>' + pod + ' ' + error + " about [" + quoted + "] quote=" + quote + " ttl=63", out);
    }

    @ParameterizedTest(name = "{0}: error about the answer of {1}")
    @CsvSource({
        "10.65.0.7, 192.0.2.1, 192.168.1.10, icmp 3/3",
        "fd00:10:65::7, 2001:db8:9::1, 2001:db8:1::10, icmp6 1/4"})
    void shouldTranslateErrorsOfPods(final String pod, final String outside, final String own, final String error) {
        final String port = portOf(node.run("pod12 " + pod + '>' + outside + " udp 5000>53"));
        final String out = node.run("pod12 " + pod + '>' + outside + ' ' + error + " about [" + outside + '>' + pod
            + " udp 53>5000 len=9]");
        final int quote = (own.contains(":") ? 40 : 20) + 17;
        assertEquals("uplink router<a " + own + '>' + outside + ' ' + error + " about [" + outside + '>' + own
            + " udp 53>" + port + " len=9 ttl=64] quote=" + quote + " ttl=63", out);
        assertEquals("NAT_BINDING_UNKNOWN", node.run("pod12 " + pod + '>' + outside + ' ' + error + " about [" + outside
            + '>' + pod + " udp 54>5000 len=9]"));
    }

    @Test
    void shouldKeepABindingForItsFlowAndMakeAnotherForTheNext() {
        final String first = portOf(node.run("pod12 10.65.0.7>192.0.2.1 udp 5000>53"));
        final String again = portOf(node.run("pod12 10.65.0.7>192.0.2.1 udp 5000>53"));
        final String other = portOf(node.run("pod13 10.65.0.9>192.0.2.1 udp 5000>53"));
        assertEquals(first, again);
        assertTrue(!first.equals(other), first + " for two pods");
        assertEquals(2, node.bindings.count());
    }

    @Test
    void shouldEndABindingThatIsIdle() {
        final String port = portOf(node.run("pod12 10.65.0.7>192.0.2.1 udp 5000>53"));
        node.pass(301_000_000_000L);
        for (int cycle = 0; cycle < 1024; cycle++) {
            node.worker.doWork();
        }
        assertEquals(0, node.bindings.count());
        assertEquals("NAT_BINDING_UNKNOWN", node.run("uplink 192.0.2.1>192.168.1.10 udp 53>" + port));
    }

    @Test
    void shouldExcludeNodesWhereThatIsAsked() {
        final String in = "pod12 10.65.0.7>192.168.1.11 tcp 5000>6443";
        assertTrue(node.run(in).contains("192.168.1.10>192.168.1.11"));
        final var tables = node.forwarding.current();
        final var options = tables.options();
        node.forwarding.publish(tables.withOptions(new io.caracal.route.ForwardingOptions(options.workloadMtu(),
            options.errorIpv4Source(), options.errorIpv6Source(), 0, true, true,
            options.nodePorts())));
        assertEquals("uplink router<a 10.65.0.7>192.168.1.11 tcp 5000>6443 len=0 ttl=63", node.run(in));
        assertTrue(node.run("pod12 10.65.0.7>192.0.2.1 udp 5000>4789").contains("192.168.1.10>192.0.2.1"),
            "VXLAN from pods where it is allowed");
        assertTrue(node.run("pod12 10.65.0.7>192.0.2.1 proto=4 len=20").contains("192.168.1.10>192.0.2.1"));
    }

    private static String withPort(final String question, final String port) {
        return question.replaceFirst("5000|(?<=id=)7", port);
    }

    private static String portOf(final String out) {
        final Matcher matcher = PORT.matcher(out);
        assertTrue(out.startsWith("uplink router<a ") && matcher.find(), out);
        final String port = matcher.group(2) == null ? matcher.group(3) : matcher.group(2);
        assertTrue(Integer.parseInt(port) >= 61_000, out);
        return port;
    }
}
