/* The two roles of xskgen. Each reads its options, runs until it is bounded or stopped, and prints one JSON line. */
#ifndef CARACAL_XSKGEN_H
#define CARACAL_XSKGEN_H

int run_send(int argc, char **argv);
int run_receive(int argc, char **argv);

#endif
