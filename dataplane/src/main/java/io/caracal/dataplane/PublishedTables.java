package io.caracal.dataplane;

import io.caracal.policy.PolicyCompiler;
import io.caracal.route.ForwardingPublisher;
import io.caracal.stage.WorkloadTablePublisher;

/**
 * What the control thread publishes and every worker reads, once per burst.
 *
 * @param workloads which interface has which address.
 * @param forwarding where packets go.
 * @param policies what may pass.
 */
record PublishedTables(WorkloadTablePublisher workloads, ForwardingPublisher forwarding, PolicyCompiler policies) {
}
