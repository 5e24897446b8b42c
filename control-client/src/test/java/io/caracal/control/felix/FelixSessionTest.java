package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.UnknownFieldSet;
import io.caracal.control.ControlProblem;
import io.caracal.control.proto.ActivePolicyRemove;
import io.caracal.control.proto.HTTPMatch;
import io.caracal.control.proto.IPSetDeltaUpdate;
import io.caracal.control.proto.IPSetRemove;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpointRemove;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages in, updates and problems out. */
class FelixSessionTest {
    private final OrderCheckingListener listener = new OrderCheckingListener();
    private final FelixCounters counters = new FelixCounters();
    private final ChangeFeed feed = new ChangeFeed(listener, key -> "felix");
    private final FelixSession session = new FelixSession(feed, counters);

    private void take(final ToDataplane... messages) throws IOException {
        for (final ToDataplane message : messages) {
            session.take(message);
        }
        session.flush();
    }

    private List<String> heard() {
        final List<String> heard = listener.heard.stream().map(update -> update.getClass().getSimpleName()).toList();
        listener.heard.clear();
        return heard;
    }

    private List<String> problems() {
        return listener.policy.problems().stream().map(ControlProblem::toString).toList();
    }

    private static Rule.Builder from(final String set) {
        return Rule.newBuilder().setAction("allow").addSrcIpSetIds(set);
    }

    private static ToDataplane delta(final String id, final List<String> added, final List<String> removed) {
        return ToDataplane.newBuilder().setIpsetDeltaUpdate(IPSetDeltaUpdate.newBuilder().setId(id)
            .addAllAddedMembers(added).addAllRemovedMembers(removed)).build();
    }

    private static UnknownFieldSet unknown(final int number) {
        return UnknownFieldSet.newBuilder().addField(number,
            UnknownFieldSet.Field.newBuilder().addVarint(1).build()).build();
    }

    @Test
    void shouldTellNothingBeforeInSyncAndThenEverythingInTheOrderOfNames() throws IOException {
        take(Frames.config(), Frames.endpoint("web", "cali1", "p"), Frames.policy("p", from("s")),
            Frames.set("s", "10.0.0.0/8"));
        assertEquals(List.of(), heard());
        take(Frames.inSync());
        assertEquals(List.of("FelixSettings", "SettingsUpdate", "IpSetUpdate", "PolicyUpdate", "WorkloadPolicyUpdate",
            "WorkloadEndpointUpdate", "InSync"), heard());
        assertEquals(List.of(), problems());
    }

    @Test
    void shouldRefuseAnythingBeforeTheConfiguration() {
        assertEquals("message 0 is IPSET_UPDATE, but a connection begins with CONFIG_UPDATE",
            assertThrows(FelixProtocolException.class, () -> session.take(Frames.set("s"))).getMessage());
        assertThrows(FelixProtocolException.class, () -> session.take(Frames.inSync()));
    }

    @Test
    void shouldCountAndTolerateWhatItDoesNotKnow() throws IOException {
        take(ToDataplane.newBuilder().setUnknownFields(unknown(99)).build(), Frames.config(),
            Frames.set("s").toBuilder().setUnknownFields(unknown(41)).build(), Frames.inSync(), Frames.inSync(),
            Frames.config());
        assertEquals(1, counters.value("messages.unknown"));
        assertEquals(1, counters.value("fields.unknown.ToDataplane field 99"));
        assertEquals(1, counters.value("fields.unknown.ToDataplane field 41"));
        assertEquals(1, counters.value("insync.repeated"));
        assertEquals(1, counters.value("config.repeated"));
        assertEquals(List.of(), problems());
    }

    @Test
    void shouldCoalesceDeltasUntilTheFlush() throws IOException {
        take(Frames.config(), Frames.set("s", "10.0.0.0/8"), Frames.inSync());
        heard();
        take(delta("s", List.of("10.0.0.1/32", "10.0.0.2/32"), List.of()), delta("s", List.of(), List.of("10.0.0.2/32")),
            delta("s", List.of("10.0.0.3/32"), List.of("10.0.0.0/8")));
        assertEquals(List.of("IpSetDelta"), heard());
        final var members = listener.policy.policySet(List.of()).objects().ipSets().getFirst().members();
        assertEquals(2, members.count());
    }

    @Test
    void shouldReplaceASetThatIsSentAgain() throws IOException {
        take(Frames.config(), Frames.set("s", "10.0.0.0/8"), Frames.inSync());
        heard();
        take(delta("s", List.of("10.0.0.1/32"), List.of()), Frames.set("s", "11.0.0.0/8"),
            delta("s", List.of("12.0.0.0/8"), List.of()));
        assertEquals(List.of("IpSetUpdate"), heard());
        assertEquals(2, listener.policy.policySet(List.of()).objects().ipSets().getFirst().members().count());
    }

    @Test
    void shouldRefuseByNameAndKeepTheLastGoodFormUntilItIsMended() throws IOException {
        take(Frames.config(), Frames.set("s", "10.0.0.0/8"), Frames.policy("p", from("s")),
            Frames.endpoint("web", "cali1", "p"), Frames.inSync());
        heard();
        take(Frames.policy("p", Rule.newBuilder().setAction("allow").setHttpMatch(HTTPMatch.getDefaultInstance())),
            ToDataplane.newBuilder().setIpsetRemove(IPSetRemove.newBuilder().setId("s")).build());
        assertEquals(List.of(), heard());
        assertEquals(List.of("felix: policy GlobalNetworkPolicy p: ingress rule 0: rule field http_match: is not supported:"
            + " this dataplane matches layers 3 and 4 only; its last good form stays in force"), problems());
        take(Frames.policy("p", Rule.newBuilder().setAction("deny")));
        assertEquals(List.of("PolicyUpdate", "IpSetRemove"), heard());
        assertEquals(List.of(), problems());
    }

    @Test
    void shouldRefuseARuleWithACriterionThatIsNotKnown() throws IOException {
        take(Frames.config(), Frames.policy("p", Rule.newBuilder().setAction("allow").setUnknownFields(unknown(300))),
            Frames.endpoint("web", "cali1", "p"), Frames.inSync());
        assertEquals(List.of("FelixSettings", "SettingsUpdate", "InSync"), heard());
        assertEquals(2, problems().size());
        assertEquals("felix: policy GlobalNetworkPolicy p: ingress rule 0: rule field Rule field 300: is not supported:"
            + " this dataplane matches layers 3 and 4 only", problems().get(0));
        assertEquals("felix: workload endpoint k8s/app/web/eth0: workload endpoint k8s/app/web/eth0: names policy"
            + " GlobalNetworkPolicy p in tier default, but there is no such policy", problems().get(1));
    }

    @Test
    void shouldTryAgainWhatLackedSomethingThatCame() throws IOException {
        take(Frames.config(), Frames.inSync(), Frames.policy("p", from("late")));
        assertEquals(1, problems().size());
        take(Frames.set("late"));
        assertEquals(List.of(), problems());
        assertEquals(List.of("FelixSettings", "SettingsUpdate", "InSync", "IpSetUpdate", "PolicyUpdate"), heard());
    }

    @Test
    void shouldRefuseASetWithAMemberThatIsNone() throws IOException {
        take(Frames.config(), Frames.set("s", "10.0.0.0/8"), Frames.inSync());
        heard();
        take(delta("s", List.of("ten"), List.of()));
        assertEquals(List.of("felix: IP set s: prefix ten: is neither an IPv4 nor an IPv6 address or CIDR"), problems());
        take(delta("s", List.of("10.1.1.1/32"), List.of("ten")));
        assertEquals(List.of("IpSetUpdate"), heard());
        assertEquals(List.of(), problems());
    }

    @Test
    void shouldCountWhatIsAboutNothing() throws IOException {
        take(Frames.config(), delta("none", List.of("10.0.0.0/8"), List.of()), ToDataplane.newBuilder()
            .setActivePolicyRemove(ActivePolicyRemove.newBuilder().setId(Frames.policyId("none"))).build(),
            ToDataplane.newBuilder().setIpsetRemove(IPSetRemove.newBuilder().setId("none")).build(), Frames.inSync());
        assertEquals(1, counters.value("deltas.of-nothing"));
        assertEquals(2, counters.value("removals.of-nothing"));
    }

    @Test
    void shouldGiveAnInterfaceToTheLowestIdAndThenToTheNext() throws IOException {
        take(Frames.config(), Frames.endpoint("b", "cali1"), Frames.inSync());
        heard();
        take(Frames.endpoint("a", "cali1"));
        assertEquals(List.of("WorkloadPolicyUpdate", "WorkloadEndpointRemove", "WorkloadEndpointUpdate"), heard());
        assertEquals(List.of("felix: workload endpoint k8s/app/b/eth0: interface cali1 is also that of k8s/app/a/eth0,"
            + " whose id is lower (shadowed)"), problems());
        take(ToDataplane.newBuilder().setWorkloadEndpointRemove(WorkloadEndpointRemove.newBuilder()
            .setId(Frames.endpoint("a", "cali1").getWorkloadEndpointUpdate().getId())).build());
        assertEquals(List.of("WorkloadEndpointRemove", "WorkloadEndpointUpdate", "WorkloadPolicyRemove"), heard());
        assertEquals(List.of("k8s/app/b/eth0"), List.copyOf(listener.attached.keySet()));
        assertEquals(List.of(), problems());
    }
}
