/* What Caracal uses of the C library. Given to jextract by generate.sh; compiled by LayoutTest. */
#define _GNU_SOURCE
#include <features.h>
/* NB: glibc gives GNU programs a union in the place of struct sockaddr *, which jextract cannot name. */
#undef __USE_GNU
#include <sys/socket.h>
#define __USE_GNU 1
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
