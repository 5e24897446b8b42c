/* How xskgen reaches its interface: by AF_XDP, or by a packet socket. */
#ifndef CARACAL_BACKEND_H
#define CARACAL_BACKEND_H

#include "system.h"

#include <stdbool.h>
#include <string.h>

/* Of "xdp" and "packet"; anything else is wrong use. */
static inline bool is_xdp_backend(const char *name) {
    const bool by_xdp = strcmp(name, "xdp") == 0;
    if (!by_xdp && strcmp(name, "packet") != 0) {
        die_use("--backend is xdp or packet, not '%s'", name);
    }
    return by_xdp;
}

#endif
