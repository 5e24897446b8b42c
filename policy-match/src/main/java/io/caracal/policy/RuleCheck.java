package io.caracal.policy;

import io.caracal.policy.lookup.AddressClass;
import io.caracal.policy.lookup.SetCriteria;
import java.util.BitSet;

/**
 * The criteria of one rule that neither its anchor nor its boxes decide: further sets, excluded sets, ports that are
 * more than a few boxes. Immutable; any thread; allocates nothing.
 */
final class RuleCheck {
    private final int[][] sourceAny;
    private final int[] sourceNone;
    private final int[][] destinationAny;
    private final int[] destinationNone;
    private final int[][] portAny;
    private final int[] portNone;
    private final Transport transport;

    /**
     * Protocols and ports that are too many for boxes.
     *
     * @param protocols those that the rule accepts.
     * @param ports its port and ICMP criteria; null if it has none.
     */
    record Transport(BitSet protocols, PortCheck ports) {
        boolean accepts(final PacketClasses classes) {
            return protocols.get(classes.packet().protocol) && (ports == null || ports.matches(classes));
        }
    }

    private RuleCheck(final SetCriteria source, final SetCriteria destination, final SetCriteria portSets,
        final Transport transport) {
        sourceAny = source.groups();
        sourceNone = source.noneOf();
        destinationAny = destination.groups();
        destinationNone = destination.noneOf();
        portAny = portSets.groups();
        portNone = portSets.noneOf();
        this.transport = transport;
    }

    /**
     * What is left of a rule; null if nothing is.
     *
     * @param source what it still wants of the source.
     * @param destination what it still wants of the destination.
     * @param portSets what it still wants of destination address and port.
     * @param transport its protocols and ports, null if the boxes decide about them.
     */
    static RuleCheck of(final SetCriteria source, final SetCriteria destination, final SetCriteria portSets,
        final Transport transport) {
        return source.isEmpty() && destination.isEmpty() && portSets.isEmpty() && transport == null ? null
            : new RuleCheck(source, destination, portSets, transport);
    }

    /** Whether a packet meets all of them. */
    boolean accepts(final PacketClasses classes) {
        return acceptsSource(classes) && acceptsDestination(classes)
            && (transport == null || transport.accepts(classes));
    }

    private boolean acceptsSource(final PacketClasses classes) {
        return (sourceAny.length | sourceNone.length) == 0
            || SetCriteria.areMet(sourceAny, sourceNone, classes.sourceHost(), classes.sourceNet());
    }

    private boolean acceptsDestination(final PacketClasses classes) {
        return ((destinationAny.length | destinationNone.length) == 0
            || SetCriteria.areMet(
                destinationAny, destinationNone, classes.destinationHost(), classes.destinationNet()))
            && ((portAny.length | portNone.length) == 0
            || SetCriteria.areMet(portAny, portNone, classes.destinationPort(), AddressClass.NONE));
    }
}
