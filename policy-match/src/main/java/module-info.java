/** Calico policy: rules, IP sets, the compiler and the classifier, and the answer to "why?". */
module io.caracal.policy {
    requires transitive io.caracal.path;

    exports io.caracal.policy;
    exports io.caracal.policy.model;
}
