package io.caracal.policy.model;

/**
 * An IP set with its whole membership (Felix's {@code IPSetUpdate}).
 *
 * @param id Felix's opaque id.
 * @param members the members.
 */
public record IpSet(String id, IpSetMembers members) {
    /**
     * What the members are.
     *
     * @return the kind.
     */
    public IpSetKind kind() {
        return members.kind();
    }
}
