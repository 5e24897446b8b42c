/** Connection tracking: flow table, protocol state, expiry, NAT bindings, restart image. */
module io.caracal.conntrack {
    requires transitive io.caracal.path;

    exports io.caracal.conntrack;
}
