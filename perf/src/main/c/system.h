/*
 * What both tools need of the system: a clock, a CPU to stay on, a network namespace to work in, options, and one way
 * to fail. A failure prints one line "tool: act thing: ERRNO (next step)" on stderr and ends with status 3, wrong use
 * with status 2, as every command of Caracal does.
 */
#ifndef CARACAL_SYSTEM_H
#define CARACAL_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum exit_status { EXIT_DONE = 0, EXIT_WRONG_USE = 2, EXIT_ENVIRONMENT = 3 };

/* Set by SIGTERM and SIGINT: loops end, and the result line is still printed. */
extern volatile bool stop_requested;

/* One "--name value" pair that a tool understands. */
struct option_spec {
    const char *name;
    enum { OPTION_TEXT, OPTION_NUMBER } kind;
    void *target; /* const char ** or uint64_t * */
    uint64_t minimum, maximum; /* of a number */
};

void set_tool_name(const char *name);
void die_errno(const char *act, const char *thing, const char *next_step) __attribute__((noreturn));
void die_use(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Reads argv[first..] into the targets; wrong use ends the process. */
void parse_options(int argc, char **argv, int first, const struct option_spec *specs, int spec_count);

/* Addresses as people write them; anything else is wrong use. IPv4 in host order. */
void parse_mac(const char *text, uint8_t *mac);
uint32_t parse_address(const char *text);

void stop_on_signals(void);
void pin_to_cpu(uint64_t cpu);

/* The thread runs as soon as it has something to do, whoever else wants its CPU (SCHED_FIFO, CAP_SYS_NICE). */
void run_before_others(void);

/* Enters /run/netns/NAME with the calling thread (CAP_SYS_ADMIN). */
void enter_netns(const char *name);

/* The interface's index in the namespace that the thread is in; fails if there is none. */
unsigned interface_index(const char *name);

/* CLOCK_MONOTONIC: the clock of Java's System.nanoTime, so that the two sides' times can be compared. */
static inline uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
