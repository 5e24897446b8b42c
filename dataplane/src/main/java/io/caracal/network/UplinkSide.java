package io.caracal.network;

import java.util.List;

import io.caracal.netlink.Link;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.uplink.UplinkHooks;
import io.caracal.xdp.uplink.UplinkLimits;
import io.caracal.xdp.uplink.UplinkPrograms;

/**
 * The uplinks' programs with what writes into their maps.
 *
 * @param programs loaded.
 * @param hooks where they are attached.
 * @param nat bindings of NAT-outgoing.
 * @param tables of addresses and devices.
 */
record UplinkSide(UplinkPrograms programs, UplinkHooks hooks, NatOutgoing nat, ProgramTables tables)
    implements AutoCloseable {
    /** Loads the programs, with the maps that an earlier engine has left; touches no interface. */
    static UplinkSide load(final PinDirectory pins, final PuntPrograms punt, final List<TcHook> tcHooks,
                           final List<Link> present, final int workerCount) {
        final UplinkPrograms programs =
            UplinkPrograms.load(pins, punt, UplinkLimits.DEFAULT, NetworkControl.isLarge(present));
        try {
            return new UplinkSide(programs, new UplinkHooks(programs, pins, tcHooks),
                new NatOutgoing(programs, workerCount), new ProgramTables(programs));
        } catch (final RuntimeException | Error failure) {
            programs.close();
            throw failure;
        }
    }

    @Override
    public void close() {
        hooks.close();
        programs.close();
    }
}
