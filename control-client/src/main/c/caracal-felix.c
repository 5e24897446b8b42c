/*
 * caracal-felix: the dataplane driver that Felix starts. Felix writes to fd 3 and reads from fd 4
 * (felix/dataplane/external/ext_dataplane.go); this program joins both to the unix socket of the Caracal engine, which
 * outlives Felix. It knows nothing of what it copies, so frames may be of any length.
 *
 * Waits for the engine as long as it takes, with back-off; a Felix that blocks on its pipe meanwhile loses nothing.
 * Exits 0 when Felix goes (its pipe closes, or SIGTERM), 1 when the engine goes: Felix then restarts and says all anew.
 * CARACAL_FELIX_SOCKET names the socket.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FROM_FELIX = 3, TO_FELIX = 4 };

static const char *const SOCKET_DEFAULT = "/run/caracal/felix.sock";
static const int BACK_OFF_FIRST_MS = 50;
static const int BACK_OFF_LAST_MS = 2000;

static volatile sig_atomic_t stopping;

/* One direction: bytes that were read and not yet written. */
struct stream {
    int from, to;
    size_t start, end;
    int ended;
    char buffer[1 << 16];
};

static void on_signal(int number) {
    (void) number;
    stopping = 1;
}

static void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("caracal-felix: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* Whether Felix is gone, without taking any of its bytes. */
static int felix_is_gone(void) {
    struct pollfd felix = {.fd = FROM_FELIX, .events = 0};
    return poll(&felix, 1, 0) > 0 && (felix.revents & (POLLHUP | POLLERR | POLLNVAL)) && !(felix.revents & POLLIN);
}

/* A connected socket, or -1 when there is no more need for one. */
static int connect_engine(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int told = 0;
    for (int wait_ms = BACK_OFF_FIRST_MS; !stopping; wait_ms *= wait_ms * 2 <= BACK_OFF_LAST_MS ? 2 : 1) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            say("socket: %s", strerror(errno));
            return -1;
        }
        if (connect(fd, (struct sockaddr *) &address, sizeof address) == 0) {
            say("joined to the engine at %s", path);
            return fd;
        }
        if (!told) {
            say("connect to %s: %s; waiting for the engine (is caracal running?)", path, strerror(errno));
            told = 1;
        }
        close(fd);
        if (felix_is_gone())
            return -1;
        struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L};
        nanosleep(&wait, NULL);
    }
    return -1;
}

/* Moves what can be moved now; -1 when the writing side is gone. */
static int move(struct stream *s) {
    if (s->start == s->end && !s->ended) {
        ssize_t count = read(s->from, s->buffer, sizeof s->buffer);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
            s->ended = 1;
        s->start = 0;
        s->end = count > 0 ? (size_t) count : 0;
    }
    while (s->start < s->end) {
        ssize_t count = write(s->to, s->buffer + s->start, s->end - s->start);
        if (count > 0)
            s->start += (size_t) count;
        else if (errno == EAGAIN)
            return 0;
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

static int is_done(const struct stream *s) {
    return s->ended && s->start == s->end;
}

/* What a stream waits for: bytes to read, or room for those it has. */
static struct pollfd wait_for(const struct stream *s) {
    if (s->start == s->end)
        return (struct pollfd) {.fd = s->from, .events = POLLIN};
    return (struct pollfd) {.fd = s->to, .events = POLLOUT};
}

/* 0 when Felix ended, 1 when the engine did. */
static int copy(struct stream *down, struct stream *up) {
    while (!stopping) {
        struct pollfd fds[] = {
            wait_for(down),
            wait_for(up),
        };
        /* Not for ever: a signal may come just before. */
        if (poll(fds, 2, 1000) < 0 && errno != EINTR) {
            say("poll: %s", strerror(errno));
            return 1;
        }
        if (fds[0].revents && move(down) < 0) {
            say("the engine has gone: %s", strerror(errno));
            return 1;
        }
        if (fds[1].revents && move(up) < 0)
            return 0;
        if (is_done(down))
            return 0;
        if (is_done(up)) {
            say("the engine has closed the connection");
            return 1;
        }
    }
    return 0;
}

int main(void) {
    const char *path = getenv("CARACAL_FELIX_SOCKET");
    if (path == NULL || *path == '\0')
        path = SOCKET_DEFAULT;
    if (strlen(path) >= sizeof ((struct sockaddr_un *) 0)->sun_path) {
        say("CARACAL_FELIX_SOCKET is longer than a unix socket's path may be (107 bytes): %s", path);
        return 2;
    }
    if (fcntl(FROM_FELIX, F_GETFD) < 0 || fcntl(TO_FELIX, F_GETFD) < 0) {
        say("fds 3 and 4 are not open: this program is started by Felix (FELIX_DATAPLANEDRIVER), not by hand");
        return 2;
    }
    /* No SA_RESTART: a signal must end a wait. SIGPIPE would kill before the reason is told. */
    struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    int engine = connect_engine(path);
    if (engine < 0)
        return stopping || felix_is_gone() ? 0 : 1;
    const int fds[] = {FROM_FELIX, TO_FELIX, engine};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
    static struct stream down = {.from = FROM_FELIX}, up = {.to = TO_FELIX};
    down.to = up.from = engine;
    return copy(&down, &up);
}
