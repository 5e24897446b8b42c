/* What Caracal uses of the kernel's own headers. Given to jextract by generate.sh; compiled by LayoutTest. */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>

/*
 * Members of the unnamed structs in union bpf_attr: jextract would generate the whole union for them. The assertions
 * tie each field to the kernel's; what they leave out is newer than Debian 12's headers (tcx: Linux 6.6).
 */
struct caracal_bpf_link_create {
    __u32 prog_fd;
    __u32 target_ifindex;
    __u32 attach_type;
    __u32 flags;
    __u32 relative_fd;
    __u32 padding;
    __u64 expected_revision;
};
_Static_assert(offsetof(struct caracal_bpf_link_create, prog_fd) == offsetof(union bpf_attr, link_create.prog_fd), "");
_Static_assert(offsetof(struct caracal_bpf_link_create, target_ifindex)
    == offsetof(union bpf_attr, link_create.target_ifindex), "");
_Static_assert(offsetof(struct caracal_bpf_link_create, attach_type)
    == offsetof(union bpf_attr, link_create.attach_type), "");
_Static_assert(offsetof(struct caracal_bpf_link_create, flags) == offsetof(union bpf_attr, link_create.flags), "");
_Static_assert(offsetof(struct caracal_bpf_link_create, relative_fd)
    == offsetof(union bpf_attr, link_create.target_btf_id), "");

struct caracal_bpf_link_update {
    __u32 link_fd;
    __u32 new_prog_fd;
    __u32 flags;
    __u32 old_prog_fd;
};
_Static_assert(offsetof(struct caracal_bpf_link_update, link_fd) == offsetof(union bpf_attr, link_update.link_fd), "");
_Static_assert(offsetof(struct caracal_bpf_link_update, new_prog_fd)
    == offsetof(union bpf_attr, link_update.new_prog_fd), "");
_Static_assert(offsetof(struct caracal_bpf_link_update, flags) == offsetof(union bpf_attr, link_update.flags), "");
_Static_assert(offsetof(struct caracal_bpf_link_update, old_prog_fd)
    == offsetof(union bpf_attr, link_update.old_prog_fd), "");

/* struct bpf_link_info up to the members that tell which interface an XDP or tcx link is on. */
struct caracal_bpf_link_info {
    __u32 type;
    __u32 id;
    __u32 prog_id;
    __u32 padding;
    __u32 ifindex;
    __u32 attach_type;
};
_Static_assert(offsetof(struct caracal_bpf_link_info, type) == offsetof(struct bpf_link_info, type), "");
_Static_assert(offsetof(struct caracal_bpf_link_info, id) == offsetof(struct bpf_link_info, id), "");
_Static_assert(offsetof(struct caracal_bpf_link_info, prog_id) == offsetof(struct bpf_link_info, prog_id), "");
_Static_assert(offsetof(struct caracal_bpf_link_info, ifindex) == offsetof(struct bpf_link_info, xdp.ifindex), "");

/* struct ifreq with the one member of its union that SIOCETHTOOL uses (net/if.h has it under a macro). */
struct caracal_ifreq {
    char name[16];
    void *data;
    char padding[16];
};
