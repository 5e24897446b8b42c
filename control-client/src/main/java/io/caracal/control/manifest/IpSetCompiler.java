package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.Backends;
import io.caracal.control.manifest.SetMembership.NamedPort;
import io.caracal.control.proto.IPSetUpdate;
import io.caracal.control.proto.IPSetUpdate.IPSetType;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Members of IP sets (felix/labelindex/named_port_index.go, felix/serviceindex): all endpoints and network sets of all
 * nodes.
 */
final class IpSetCompiler {
    private final Map<String, Map<String, String>> profileLabels;
    private final List<SetMembership> memberships = new ArrayList<>();
    private final List<Backends> backends;

    IpSetCompiler(final ManifestModel model, final Map<String, Map<String, String>> profileLabels) {
        this.profileLabels = profileLabels;
        backends = model.backends;
        model.workloads.forEach(workload -> memberships.add(workload.membership()));
        model.hosts.forEach(host -> memberships.add(host.membership()));
        memberships.addAll(model.networkSets);
    }

    IPSetUpdate compile(final IpSetDefinition set) {
        return IPSetUpdate.newBuilder().setId(set.id()).setType(set.hasPorts() ? IPSetType.IP_AND_PORT : IPSetType.NET)
            .addAllMembers(members(set)).build();
    }

    private Collection<String> members(final IpSetDefinition set) {
        if (!set.service().isEmpty()) {
            return serviceMembers(set);
        }
        final List<SetMembership> selected = memberships.stream()
            .filter(each -> set.selector().matches(label -> each.label(label, profileLabels))).toList();
        return set.hasPorts() ? portMembers(set, selected)
            : withoutCovered(selected.stream().flatMap(each -> each.nets().stream()).collect(Collectors.toSet()));
    }

    private static Set<String> portMembers(final IpSetDefinition set, final List<SetMembership> selected) {
        final Set<String> members = new TreeSet<>();
        for (final SetMembership membership : selected) {
            for (final NamedPort port : membership.ports()) {
                if (port.name().equals(set.portName())
                    && (set.protocol() == IpSetDefinition.ANY_PROTOCOL || set.protocol() == port.protocol())) {
                    membership.nets().forEach(net -> members.add(member(net, port)));
                }
            }
        }
        return members;
    }

    private static String member(final Prefix address, final NamedPort port) {
        final boolean known = port.protocol() == IpProtocol.UDP || port.protocol() == IpProtocol.SCTP;
        return CidrText.address(address) + "," + IpProtocol.name(known ? port.protocol() : IpProtocol.TCP) + ":"
            + port.port();
    }

    private Set<String> serviceMembers(final IpSetDefinition set) {
        final Set<String> members = new TreeSet<>();
        for (final Backends slice : backends) {
            if (!slice.service().equals(set.service())) {
                continue;
            }
            for (final Prefix address : slice.addresses()) {
                if (set.hasPorts()) {
                    slice.ports().forEach(port -> members.add(member(address, port)));
                } else {
                    members.add(CidrText.cidr(address));
                }
            }
        }
        return members;
    }

    /** Felix leaves out what another member of the set covers, since nftables' sets cannot overlap. */
    private static Set<String> withoutCovered(final Set<Prefix> nets) {
        final Set<Prefix> index = new HashSet<>(nets);
        final Predicate<Prefix> isCovered = net -> {
            for (int length = 0; length < net.length(); length++) {
                if (index.contains(new Prefix(net.v6(), net.high(), net.low(), length))) {
                    return true;
                }
            }
            return false;
        };
        return nets.stream().filter(net -> !isCovered.test(net)).map(CidrText::cidr)
            .collect(Collectors.toCollection(TreeSet::new));
    }
}
