#include "xskgen.h"
#include "system.h"

#include <stdio.h>
#include <string.h>

static const char USAGE[] =
    "xskgen sends chosen UDP packets, or receives and judges them. One JSON line at the end, on stdout.\n"
    "\n"
    "xskgen send --interface NAME [--netns NAME] [--backend xdp|packet] [--queue N] [--cpu N]\n"
    "            [--flows N] [--length BYTES] [--rate PPS (0: as fast as it goes)] [--burst N]\n"
    "            [--seconds N] [--count N] [--stamp 0|1]\n"
    "            [--source-mac M] [--destination-mac M] [--source A.B.C.D] [--destination A.B.C.D] [--port N]\n"
    "            [--pairs FILE (lines 'A.B.C.D PORT': each packet is a new flow, to the next of these)]\n"
    "xskgen receive --interface NAME [--netns NAME] [--backend xdp|packet] [--queue N] [--cpu N] [--port N]\n"
    "            [--seconds N] [--count N] [--quiet-ms N] [--bucket-ms N] [--spin 0|1] [--realtime 0|1]\n"
    "\n"
    "receive prints the line 'ready' when it is listening. SIGTERM ends either early, with its result.\n";

int main(int argc, char **argv) {
    set_tool_name("xskgen");
    stop_on_signals();
    if (argc > 1 && strcmp(argv[1], "send") == 0) {
        return run_send(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "receive") == 0) {
        return run_receive(argc, argv);
    }
    const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
    fputs(USAGE, help ? stdout : stderr);
    return help ? EXIT_DONE : EXIT_WRONG_USE;
}
