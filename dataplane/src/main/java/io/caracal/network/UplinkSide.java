package io.caracal.network;

import java.util.List;

import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.uplink.UplinkHooks;
import io.caracal.xdp.uplink.UplinkPrograms;

/**
 * The uplinks' programs with what writes into their maps.
 *
 * @param programs loaded; whoever loaded them closes them, after this.
 * @param hooks where they are attached.
 * @param nat bindings of NAT-outgoing.
 * @param tables of addresses and devices.
 */
record UplinkSide(UplinkPrograms programs, UplinkHooks hooks, NatOutgoing nat, ProgramTables tables)
    implements AutoCloseable {
    /** Reads what an earlier engine has left in the programs' maps: it has ended. Touches no interface. */
    static UplinkSide of(final UplinkPrograms programs, final PinDirectory pins, final List<TcHook> tcHooks,
                         final NetworkConfig config) {
        return new UplinkSide(programs, new UplinkHooks(programs, pins, tcHooks, config.hasCache()),
            new NatOutgoing(programs, config.workerCount()), new ProgramTables(programs));
    }

    @Override
    public void close() {
        hooks.close();
    }
}
