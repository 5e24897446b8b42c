package io.caracal.control;

import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.List;

/**
 * A change of what packets may pass, in the terms of {@code io.caracal.policy.model}; each record is one call of the
 * policy compiler. The order is Felix's: a set comes before the policies that name it, a policy or profile before the
 * endpoints that name it, removals the other way round. Every reference has been checked, so a consumer that keeps the
 * order finds what is named. Values are immutable.
 */
public sealed interface PolicyChange extends ControlUpdate {
    /**
     * The settings that decide about packets are there, or have changed.
     *
     * @param config all of them.
     */
    record SettingsUpdate(PolicyConfig config) implements PolicyChange {
    }

    /**
     * An IP set is there, or has been replaced as a whole.
     *
     * @param set with all members.
     */
    record IpSetUpdate(IpSet set) implements PolicyChange {
    }

    /**
     * Members of an IP set came and went.
     *
     * @param id      the set, which is there.
     * @param added   members that came, of the set's kind.
     * @param removed members that went, none of which is among the added.
     */
    record IpSetDelta(String id, IpSetMembers added, IpSetMembers removed) implements PolicyChange {
    }

    /**
     * An IP set is gone; nothing names it any more.
     *
     * @param id the set.
     */
    record IpSetRemove(String id) implements PolicyChange {
    }

    /**
     * A policy is there, or has changed.
     *
     * @param policy all of it.
     */
    record PolicyUpdate(Policy policy) implements PolicyChange {
    }

    /**
     * A policy is gone; no endpoint names it any more.
     *
     * @param id the policy.
     */
    record PolicyRemove(PolicyId id) implements PolicyChange {
    }

    /**
     * A profile is there, or has changed.
     *
     * @param profile all of it.
     */
    record ProfileUpdate(Profile profile) implements PolicyChange {
    }

    /**
     * A profile is gone: an endpoint that still names it is denied there.
     *
     * @param name the profile.
     */
    record ProfileRemove(String name) implements PolicyChange {
    }

    /**
     * The policy side of a workload endpoint; its interface and addresses also come as
     * {@link ControlUpdate.WorkloadEndpointUpdate}, after this.
     *
     * @param endpoint              tiers and profiles.
     * @param spoofedSourcePrefixes sources that are not its own and yet allowed (E4 of calico.md); in force only while
     *                              the setting WorkloadSourceSpoofing is Any.
     */
    record WorkloadPolicyUpdate(WorkloadEndpoint endpoint, List<Prefix> spoofedSourcePrefixes)
        implements PolicyChange {
        /** Copies the list. */
        public WorkloadPolicyUpdate {
            spoofedSourcePrefixes = List.copyOf(spoofedSourcePrefixes);
        }
    }

    /**
     * A workload endpoint is gone; comes after {@link ControlUpdate.WorkloadEndpointRemove}.
     *
     * @param id {@link WorkloadEndpoint#id()}.
     */
    record WorkloadPolicyRemove(String id) implements PolicyChange {
    }

    /**
     * A host endpoint is there, or has changed.
     *
     * @param endpoint all of it.
     */
    record HostEndpointUpdate(HostEndpoint endpoint) implements PolicyChange {
    }

    /**
     * A host endpoint is gone.
     *
     * @param id {@link HostEndpoint#id()}.
     */
    record HostEndpointRemove(String id) implements PolicyChange {
    }
}
