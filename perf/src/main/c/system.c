#define _GNU_SOURCE
#include "system.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile bool stop_requested;

static const char *tool_name = "caracal-bench";

void set_tool_name(const char *name) {
    tool_name = name;
}

void die_errno(const char *act, const char *thing, const char *next_step) {
    const int error = errno;
    fprintf(stderr, "%s: %s %s: %s (%s%s%s)\n", tool_name, act, thing, strerrorname_np(error), strerror(error),
        next_step[0] != 0 ? "; " : "", next_step);
    exit(EXIT_ENVIRONMENT);
}

void die_use(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", tool_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_WRONG_USE);
}

static uint64_t parse_number(const struct option_spec *spec, const char *text) {
    char *end;
    errno = 0;
    const uint64_t value = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != 0 || text[0] == '-' || value < spec->minimum || value > spec->maximum) {
        die_use("--%s takes a whole number from %llu to %llu, not '%s'", spec->name,
            (unsigned long long)spec->minimum, (unsigned long long)spec->maximum, text);
    }
    return value;
}

static const struct option_spec *find_option(const char *argument, const struct option_spec *specs, int spec_count) {
    for (int i = 0; i < spec_count; i++) {
        if (strncmp(argument, "--", 2) == 0 && strcmp(argument + 2, specs[i].name) == 0) {
            return &specs[i];
        }
    }
    die_use("unknown option '%s'", argument);
}

void parse_options(int argc, char **argv, int first, const struct option_spec *specs, int spec_count) {
    for (int i = first; i < argc; i += 2) {
        const struct option_spec *spec = find_option(argv[i], specs, spec_count);
        if (i + 1 >= argc) {
            die_use("--%s needs a value", spec->name);
        }
        if (spec->kind == OPTION_TEXT) {
            *(const char **)spec->target = argv[i + 1];
        } else {
            *(uint64_t *)spec->target = parse_number(spec, argv[i + 1]);
        }
    }
}

void parse_mac(const char *text, uint8_t *mac) {
    unsigned byte[6];
    char rest;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", byte, byte + 1, byte + 2, byte + 3, byte + 4, byte + 5, &rest) != 6) {
        die_use("'%s' is no MAC address", text);
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = (uint8_t)byte[i];
    }
}

uint32_t parse_address(const char *text) {
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1) {
        die_use("'%s' is no IPv4 address", text);
    }
    return ntohl(address.s_addr);
}

static void request_stop(int signal_number) {
    (void)signal_number;
    stop_requested = true;
}

void stop_on_signals(void) {
    struct sigaction action = { .sa_handler = request_stop };
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

void pin_to_cpu(uint64_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        char thing[32];
        snprintf(thing, sizeof(thing), "CPU %llu", (unsigned long long)cpu);
        die_errno("stay on", thing, "is this CPU online and in this process's cpuset?");
    }
}

void run_before_others(void) {
    const struct sched_param parameters = { .sched_priority = 1 };
    if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) {
        die_errno("set scheduling policy", "SCHED_FIFO", "needs CAP_SYS_NICE");
    }
}

void enter_netns(const char *name) {
    char path[256];
    snprintf(path, sizeof(path), "/run/netns/%s", name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        die_errno("open network namespace", path, "ip netns shows those that exist");
    }
    if (setns(fd, CLONE_NEWNET) != 0) {
        die_errno("enter network namespace", path, "needs CAP_SYS_ADMIN");
    }
    close(fd);
}

unsigned interface_index(const char *name) {
    const unsigned index = if_nametoindex(name);
    if (index == 0) {
        die_errno("find interface", name, "is it in the namespace given by --netns?");
    }
    return index;
}
