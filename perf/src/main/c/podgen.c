#define _GNU_SOURCE
#include "podgen.h"
#include "system.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
    "podgen is a client or a server in a pod, with the kernel's own sockets, as a workload is.\n"
    "\n"
    "podgen sink    --address A --port N   TCP server that reads and counts\n"
    "podgen answer  --address A --port N [--length BYTES] [--close 0|1]   TCP server: as many bytes back, then close\n"
    "podgen udp-sink --address A --port N | --peers FILE   UDP server that counts\n"
    "podgen stream  --address A --port N [--parallel N] [--rate BYTES/S each]   TCP, as fast as it goes\n"
    "podgen crr     --address A --port N [--parallel N] [--length BYTES]   connect, request, answer, close\n"
    "podgen rr      --address A --port N [--parallel N] [--length BYTES]   request, answer\n"
    "podgen udp     --address A --port N [--parallel FLOWS] [--length PAYLOAD] [--rate PPS] | --peers FILE\n"
    "podgen udp     --address A --port N --ports N [--length PAYLOAD] [--rate PPS]   each from the next port\n"
    "podgen probe   --address A --port N   a connection every 10 ms, given up after 10 ms: the longest gap\n"
    "podgen hold    --address A --port N [--parallel N]   requests on connections that stay: broken ones, longest gap\n"
    "\n"
    "All take --netns NAME and --cpu N. --peers FILE has lines 'NETNS A.B.C.D': everyone sends to everyone else.\n"
    "Prints 'ready'; then, for each line 'read' on standard input, its counters as JSON; ends with its input.\n";

static struct tally *tallies[TALLIES_MAX];
static atomic_uint tally_count;

struct tally *tally_new(bool with_latency) {
    struct tally *tally = aligned_alloc(_Alignof(struct tally), sizeof(*tally));
    if (tally == NULL) {
        die_errno("allocate", "counters", "");
    }
    memset(tally, 0, sizeof(*tally));
    if (with_latency && (tally->latency = calloc(1, sizeof(*tally->latency))) == NULL) {
        die_errno("allocate", "histogram", "");
    }
    const unsigned place = atomic_fetch_add(&tally_count, 1);
    if (place >= TALLIES_MAX) {
        die_use("more than %d connections were accepted", TALLIES_MAX);
    }
    tallies[place] = tally;
    return tally;
}

struct sockaddr_in load_address(const struct load *load) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)load->port) };
    if (load->address == NULL || inet_pton(AF_INET, load->address, &address.sin_addr) != 1) {
        die_use("--address takes an IPv4 address, not '%s'", load->address == NULL ? "" : load->address);
    }
    return address;
}

void start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0) {
        die_errno("start", "thread", "");
    }
    pthread_detach(thread);
}

static void read_peers(struct load *load) {
    FILE *file = fopen(load->peers_file, "r");
    char netns[256], address[64];
    if (file == NULL) {
        die_errno("open", load->peers_file, "");
    }
    while (fscanf(file, "%255s %63s", netns, address) == 2) {
        if (load->peer_count == PEERS_MAX) {
            die_use("%s has more than %d peers", load->peers_file, PEERS_MAX);
        }
        struct peer *peer = &load->peers[load->peer_count++];
        peer->netns = strdup(netns);
        if (inet_pton(AF_INET, address, &peer->address) != 1) {
            die_use("%s: '%s' is no IPv4 address", load->peers_file, address);
        }
    }
    fclose(file);
}

static void read_options(struct load *load, int argc, char **argv) {
    *load = (struct load){ .role = argv[1], .port = 8080, .parallel = 1, .length = 64, .cpu = UINT64_MAX };
    const struct option_spec specs[] = {
        { "netns", OPTION_TEXT, &load->netns, 0, 0 },
        { "address", OPTION_TEXT, &load->address, 0, 0 },
        { "peers", OPTION_TEXT, &load->peers_file, 0, 0 },
        { "port", OPTION_NUMBER, &load->port, 1, 65535 },
        { "parallel", OPTION_NUMBER, &load->parallel, 1, 1024 },
        { "length", OPTION_NUMBER, &load->length, 1, 16384 },
        { "rate", OPTION_NUMBER, &load->rate, 0, UINT64_MAX },
        { "ports", OPTION_NUMBER, &load->ports, 1, PORTS_MAX },
        { "cpu", OPTION_NUMBER, &load->cpu, 0, 1023 },
        { "close", OPTION_NUMBER, &load->close_after, 0, 1 },
    };
    parse_options(argc, argv, 2, specs, sizeof(specs) / sizeof(specs[0]));
    if (load->peers_file != NULL) {
        read_peers(load);
    }
}

static void begin(const struct load *load) {
    static const struct { const char *role; void (*start)(const struct load *); } ROLES[] = {
        { "sink", serve_sink }, { "answer", serve_answers }, { "udp-sink", serve_datagrams },
        { "stream", load_streams }, { "crr", load_connections }, { "rr", load_requests }, { "udp", load_datagrams },
        { "probe", load_probes }, { "hold", load_held },
    };
    for (size_t i = 0; i < sizeof(ROLES) / sizeof(ROLES[0]); i++) {
        if (strcmp(load->role, ROLES[i].role) == 0) {
            ROLES[i].start(load);
            return;
        }
    }
    die_use("unknown role '%s' (podgen --help)", load->role);
}

/* The latencies since the last time, so that each window has its own. */
static void print_latency(void) {
    static struct histogram now, before, window;
    memset(&now, 0, sizeof(now));
    for (unsigned i = 0; i < atomic_load(&tally_count); i++) {
        const struct tally *tally = tallies[i];
        for (unsigned bucket = 0; tally != NULL && tally->latency != NULL && bucket < HISTOGRAM_BUCKETS; bucket++) {
            now.counts[bucket] += tally->latency->counts[bucket];
        }
    }
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        window.counts[bucket] = now.counts[bucket] - before.counts[bucket];
    }
    before = now;
    histogram_print(&window);
}

static void print_counters(void) {
    uint64_t operations = 0, bytes = 0, failures = 0, gap_ns = 0;
    const uint64_t taken_ns = now_ns();
    for (unsigned i = 0; i < atomic_load(&tally_count); i++) {
        if (tallies[i] != NULL) {
            operations += atomic_load_explicit(&tallies[i]->operations, memory_order_relaxed);
            bytes += atomic_load_explicit(&tallies[i]->bytes, memory_order_relaxed);
            failures += atomic_load_explicit(&tallies[i]->failures, memory_order_relaxed);
            const uint64_t gap = atomic_exchange(&tallies[i]->gap_ns, 0);
            gap_ns = gap > gap_ns ? gap : gap_ns;
        }
    }
    printf("{\"ns\":%llu,\"operations\":%llu,\"bytes\":%llu,\"failures\":%llu,\"gapNs\":%llu,\"latency\":",
        (unsigned long long)taken_ns, (unsigned long long)operations, (unsigned long long)bytes,
        (unsigned long long)failures, (unsigned long long)gap_ns);
    print_latency();
    puts("}");
    fflush(stdout);
}

int main(int argc, char **argv) {
    set_tool_name("podgen");
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(USAGE, argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_WRONG_USE : EXIT_DONE;
    }
    static struct load load;
    read_options(&load, argc, argv);
    stop_on_signals();
    /* A peer that goes away is an error of a call, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    if (load.netns != NULL) {
        enter_netns(load.netns);
    }
    if (load.cpu != UINT64_MAX) {
        pin_to_cpu(load.cpu);
    }
    begin(&load);
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strcmp(line, "read\n") != 0) {
            die_use("unknown command '%s'", line);
        }
        print_counters();
    }
    /* Threads may be inside calls that wait for a peer; there is nothing to be saved. */
    _exit(EXIT_DONE);
}
