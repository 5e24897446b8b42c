package io.caracal.policy;

import io.caracal.policy.lookup.ClassVectors;
import io.caracal.policy.model.FailsafePort;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyDirection;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks a {@link CompiledPolicy} about packets, in the order of Felix's hooks (felix/rules/static.go). Owned by one
 * worker's thread; {@link #allows} allocates nothing. {@link #explain} takes the same way and notes each step.
 *
 * <pre>{@code
 * final CompiledPolicy policy = compiler.current();   // once a burst
 * if (!evaluator.allows(policy, packet)) { drop(evaluator.reason()); }
 * }</pre>
 */
public final class PolicyEvaluator {
    private static final int ACCEPT = 0;
    private static final int DROP = 1;
    private static final int GO_ON = 2;
    /**
     * ICMPv6 130-136 without 134: listener queries and reports, neighbour and router solicitation and advertisement.
     */
    private static final int DISCOVERY_FIRST = 130;
    private static final int DISCOVERY_LAST = 136;
    private static final int ROUTER_ADVERTISEMENT = 134;
    /** No packet has it. */
    private static final int NO_INTERFACE = -1;

    private final int worker;
    private final ClassVectors vectors;
    private final RuleWalk walk;
    private final PacketClasses classes = new PacketClasses();
    private final PolicyLog log;
    private List<DecisionStep> trace;
    private CompiledPolicy policy;
    private PolicyPacket packet;
    private CompiledInterface lastIn;
    private CompiledInterface lastOut;
    private int lastInInterface = NO_INTERFACE;
    private int lastOutInterface = NO_INTERFACE;
    private long listsVersion = -1;
    private DecisionReason reason;
    private RuleIndex decidingList;
    private int decidingRule;
    private int egressRuleId;
    private int ingressRuleId;
    private boolean isOfAnyPort;

    /**
     * Makes an evaluator.
     *
     * @param worker number of the worker that owns it, below {@link PolicyCompiler#workers()}.
     * @param room memory for what it learns about classes of addresses.
     * @param log takes packets that log rules match; null to let log rules do nothing.
     */
    public PolicyEvaluator(final int worker, final Room room, final PolicyLog log) {
        this.worker = worker;
        this.log = log;
        vectors = new ClassVectors(room.vectors(), room.words());
        walk = new RuleWalk(vectors);
    }

    /**
     * Memory of one evaluator.
     *
     * @param vectors bit vectors to keep, a power of two; each takes 16 bytes of table.
     * @param words longs for their bits.
     */
    public record Room(int vectors, int words) {
        /**
         * 16384 vectors in 8 MiB: 64 words each, what classes of a list of some ten thousand rules take. With less, a
         * node with more classes in use at once would forget and rebuild them (a microsecond each); more is useful for
         * lists of 100,000 rules only.
         */
        public static final Room DEFAULT = new Room(1 << 14, 1 << 20);
    }

    /**
     * Decides about the first packet of a flow.
     *
     * @param current the policy, taken once for the burst.
     * @param next the packet; not kept.
     * @return whether it may go on.
     */
    public boolean allows(final CompiledPolicy current, final PolicyPacket next) {
        if (current.listsVersion() != listsVersion) {
            vectors.forget();
            listsVersion = current.listsVersion();
        }
        if (policy != current) {
            policy = current;
            lastIn = null;
            lastOut = null;
            lastInInterface = NO_INTERFACE;
            lastOutInterface = NO_INTERFACE;
        }
        packet = next;
        reason = null;
        decidingList = null;
        egressRuleId = 0;
        ingressRuleId = 0;
        isOfAnyPort = true;
        classes.start(current, next);
        return evaluate();
    }

    /**
     * Decides and says how. Counts no hits and logs nothing.
     *
     * @param current the policy.
     * @param next the packet.
     * @return the verdict with every step.
     */
    public Decision explain(final CompiledPolicy current, final PolicyPacket next) {
        trace = new ArrayList<>();
        try {
            return new Decision(allows(current, next), trace);
        } finally {
            trace = null;
        }
    }

    /**
     * Why the last packet was decided so.
     *
     * @return the reason of the deciding step.
     */
    public DecisionReason reason() {
        return reason != null || decidingList == null ? reason : decidingList.line(decidingRule).reason();
    }

    /**
     * The rule that decided about the last packet; where two endpoints were asked and both allowed, the second's.
     *
     * @return the rule, or null where none decided.
     */
    public RulePlace decidedBy() {
        return decidingList == null ? null : decidingList.line(decidingRule).place();
    }

    /**
     * The number of the rule that decided about the last packet, for flow records.
     *
     * @return {@link RulePlace#id()} of {@link #decidedBy()}; 0 where no rule decided.
     */
    public int decidedById() {
        return decidingList == null ? 0 : decidingList.id(decidingRule);
    }

    /**
     * The rule of the sending pod's egress policy that decided about the last packet.
     *
     * @return {@link RulePlace#id()}; 0 if no pod sent it or no rule decided.
     */
    public int egressRuleId() {
        return egressRuleId;
    }

    /**
     * The rule of the receiving pod's ingress policy that decided about the last packet.
     *
     * @return {@link RulePlace#id()}; 0 if no pod receives it or no rule decided.
     */
    public int ingressRuleId() {
        return ingressRuleId;
    }

    /**
     * Whether the last packet would have been decided so with any source port, and nothing was to be logged about it:
     * no rule of the lists that were asked looks at that port, or logs.
     *
     * @return false also where only rules behind the deciding one do.
     */
    public boolean isOfAnyPort() {
        return isOfAnyPort;
    }

    /**
     * Counts a packet that rules would have let through, without asking them.
     *
     * @param current the policy.
     * @param egressRule as of {@link #egressRuleId()}.
     * @param ingressRule as of {@link #ingressRuleId()}.
     */
    public void count(final PolicyCompiler current, final int egressRule, final int ingressRule) {
        current.hit(egressRule, worker);
        current.hit(ingressRule, worker);
    }

    /**
     * Bit vectors made so far, for metrics: grows quickly if the room is too small.
     *
     * @return a counter.
     */
    public long vectorsBuilt() {
        return vectors.builtCount();
    }

    private boolean evaluate() {
        final CompiledInterface in = in();
        final CompiledInterface out = out();
        if (isUnknown(in, packet.inInterface) || isUnknown(out, packet.outInterface)) {
            return end(false, DecisionReason.INTERFACE_UNKNOWN);
        }
        if (in == null) {
            return evaluateFromHost(out);
        }
        final int early = evaluateBeforeNat(in);
        if (early == DROP) {
            return false;
        }
        return out == null ? evaluateToHost(in, early == ACCEPT) : evaluateForwarded(in, out, early == ACCEPT);
    }

    /** Neighbouring packets often take the same way: the interfaces of the last one are not looked up again. */
    private CompiledInterface in() {
        if (packet.inInterface != lastInInterface) {
            lastIn = policy.byIndex(packet.inInterface);
            lastInInterface = packet.inInterface;
        }
        return lastIn;
    }

    private CompiledInterface out() {
        if (packet.outInterface != lastOutInterface) {
            lastOut = policy.byIndex(packet.outInterface);
            lastOutInterface = packet.outInterface;
        }
        return lastOut;
    }

    private static boolean isUnknown(final CompiledInterface found, final int index) {
        return index != PolicyPacket.HOST && (found == null || found.refused());
    }

    private int evaluateBeforeNat(final CompiledInterface in) {
        if (in.ownHost() != null && in.workload() == null) {
            final int untracked = askHost(in.ownHost(), PolicyChain.UNTRACKED_INGRESS);
            if (untracked != GO_ON) {
                return untracked;
            }
        }
        return askHost(in.host(), PolicyChain.PRE_DNAT);
    }

    private boolean evaluateForwarded(final CompiledInterface in, final CompiledInterface out, final boolean accepted) {
        if (!accepted && askHost(in.host(), PolicyChain.FORWARD_INGRESS) == DROP) {
            return false;
        }
        if (in.workload() != null && askWorkload(in.workload(), PolicyChain.WORKLOAD_EGRESS) != ACCEPT) {
            return false;
        }
        if (out.workload() != null && askWorkload(out.workload(), PolicyChain.WORKLOAD_INGRESS) != ACCEPT) {
            return false;
        }
        return askHost(out.host(), PolicyChain.FORWARD_EGRESS) != DROP && end(true, DecisionReason.FORWARDED);
    }

    private boolean evaluateToHost(final CompiledInterface in, final boolean accepted) {
        if (in.workload() == null) {
            if (accepted) {
                return true;
            }
            return in.host() == null
                ? end(true, DecisionReason.NO_HOST_ENDPOINT)
                : askHost(in.host(), PolicyChain.HOST_INGRESS) == ACCEPT;
        }
        if (isDiscovery()) {
            return end(true, DecisionReason.NEIGHBOUR_DISCOVERY);
        }
        return askWorkload(in.workload(), PolicyChain.WORKLOAD_EGRESS) == ACCEPT
            && end(policy.config().endpointToHost().allows(), DecisionReason.ENDPOINT_TO_HOST);
    }

    private boolean evaluateFromHost(final CompiledInterface out) {
        if (out == null || out.workload() != null) {
            return end(true, DecisionReason.HOST_TO_WORKLOAD);
        }
        final int untracked = askHost(out.ownHost(), PolicyChain.UNTRACKED_EGRESS);
        if (untracked != GO_ON) {
            return untracked == ACCEPT;
        }
        return out.host() == null
            ? end(true, DecisionReason.NO_HOST_ENDPOINT)
            : askHost(out.host(), PolicyChain.HOST_EGRESS) == ACCEPT;
    }

    private int askWorkload(final CompiledEndpoint endpoint, final PolicyChain chain) {
        if (!endpoint.active()) {
            return note(DROP, chain, endpoint, DecisionReason.ENDPOINT_DOWN);
        }
        if (packet.invalid && policy.config().denyInvalid()) {
            return note(DROP, chain, endpoint, DecisionReason.CONNECTION_INVALID);
        }
        if (chain == PolicyChain.WORKLOAD_EGRESS && isTunnel()) {
            return note(DROP, chain, endpoint, DecisionReason.TUNNEL_FROM_WORKLOAD);
        }
        final int outcome = askList(endpoint, chain);
        if (chain == PolicyChain.WORKLOAD_EGRESS) {
            egressRuleId = decidedById();
        } else {
            ingressRuleId = decidedById();
        }
        return outcome;
    }

    private int askHost(final CompiledEndpoint endpoint, final PolicyChain chain) {
        if (endpoint == null) {
            return GO_ON;
        }
        /* Its failsafes are for answers, too. */
        isOfAnyPort &= !chain.untracked();
        if (packet.invalid && policy.config().denyInvalid() && !chain.untracked()) {
            return note(DROP, chain, endpoint, DecisionReason.CONNECTION_INVALID);
        }
        if (chain.hasFailsafes() && isFailsafe(chain)) {
            return note(chain.normal() ? ACCEPT : GO_ON, chain, endpoint, DecisionReason.FAILSAFE);
        }
        return askList(endpoint, chain);
    }

    private int askList(final CompiledEndpoint endpoint, final PolicyChain chain) {
        final RuleIndex list = endpoint.list(chain, packet.v6);
        isOfAnyPort &= list.isOfAnyPort();
        walk.start(list, classes);
        for (int rule = walk.next(0);; rule = walk.next(list.next(rule))) {
            noteRule(chain, endpoint, list, rule);
            switch (list.action(rule)) {
                case RuleIndex.ALLOW -> {
                    return ACCEPT;
                }
                case RuleIndex.DENY -> {
                    return DROP;
                }
                case RuleIndex.CONTINUE -> {
                    return GO_ON;
                }
                case RuleIndex.LOG -> {
                    if (log != null && trace == null) {
                        log.offer(packet, list.line(rule));
                    }
                }
                default -> { }
            }
        }
    }

    private void noteRule(final PolicyChain chain, final CompiledEndpoint endpoint, final RuleIndex list,
        final int rule) {
        reason = null;
        decidingList = list;
        decidingRule = rule;
        if (trace != null) {
            final RuleIndex.Line line = list.line(rule);
            trace.add(new DecisionStep(chain, endpoint.name(), line.reason(), line.shown()));
        } else {
            list.hit(rule, worker);
        }
    }

    private boolean isFailsafe(final PolicyChain chain) {
        final PolicyConfig config = policy.config();
        final boolean in = chain.direction() == PolicyDirection.INGRESS;
        final List<FailsafePort> towards = in ? config.failsafes().inbound() : config.failsafes().outbound();
        final List<FailsafePort> answers = in ? config.failsafes().outbound() : config.failsafes().inbound();
        return packet.hasPorts() && (isFailsafe(towards, in, packet.destinationPort)
            || chain.untracked() && isFailsafe(answers, in, packet.sourcePort));
    }

    private boolean isFailsafe(final List<FailsafePort> failsafes, final boolean in, final int port) {
        for (int i = 0; i < failsafes.size(); i++) {
            final FailsafePort failsafe = failsafes.get(i);
            if (failsafe.port() == port && failsafe.protocol() == packet.protocol && (failsafe.net() == null
                || failsafe.net().contains(packet.v6, in ? packet.sourceHigh : packet.destinationHigh,
                    in ? packet.sourceLow : packet.destinationLow))) {
                return true;
            }
        }
        return false;
    }

    private boolean isTunnel() {
        return switch (packet.protocol) {
            case IpProtocol.UDP -> packet.hasTransport && !policy.config().guard().allowVxlan()
                && packet.destinationPort == policy.config().guard().vxlanPort();
            case IpProtocol.IPIP -> !policy.config().guard().allowIpip();
            default -> false;
        };
    }

    private boolean isDiscovery() {
        final int type = packet.destinationPort >>> Byte.SIZE;
        return packet.v6 && packet.isIcmp() && type >= DISCOVERY_FIRST && type <= DISCOVERY_LAST
            && type != ROUTER_ADVERTISEMENT;
    }

    private int note(final int outcome, final PolicyChain chain, final CompiledEndpoint endpoint,
        final DecisionReason why) {
        reason = why;
        decidingList = null;
        if (trace != null) {
            trace.add(new DecisionStep(chain, endpoint.name(), why, null));
        }
        return outcome;
    }

    private boolean end(final boolean allowed, final DecisionReason why) {
        reason = why;
        if (trace != null) {
            trace.add(new DecisionStep(null, "", why, null));
        }
        return allowed;
    }
}
