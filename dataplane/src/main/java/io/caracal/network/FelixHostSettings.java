package io.caracal.network;

import io.caracal.kernel.HostPart;

/**
 * Felix's settings of this host. Immutable; any thread.
 *
 * @param part what the kernel's side of this node needs of them.
 * @param natInterface IptablesNATOutgoingInterfaceFilter: NAT-outgoing is only for packets that leave by it; a {@code
 *     +} or {@code *} at its end stands for any end. Empty for every interface.
 * @param requiresMtuFile RequireMTUFile.
 * @param serviceLoops ServiceLoopPrevention.
 */
record FelixHostSettings(HostPart part, String natInterface, boolean requiresMtuFile, ServiceLoops serviceLoops) {
    /** Whether packets that leave by an interface may be masqueraded. */
    boolean isMasqueraded(final String interfaceName) {
        final int last = natInterface.length() - 1;
        return natInterface.isEmpty() || natInterface.equals(interfaceName)
            || "+*".indexOf(natInterface.charAt(last)) >= 0
                && interfaceName.startsWith(natInterface.substring(0, last));
    }
}
