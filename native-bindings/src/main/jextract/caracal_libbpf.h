/* What Caracal uses of libbpf. Given to jextract by generate.sh; compiled by LayoutTest. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
