/*
 * listener_crowd: many listeners in one process, far cheaper than the server that feeds them.
 *
 * Owns the listeners' sockets, and a state machine for what each of them gets (`response.h`). It never decides what is
 * good: it counts.
 *
 *   listener_crowd SCHEME PORT LISTENERS PAUSE_MS PAGE_SAMPLES TARGETS
 *
 * SCHEME is http or https; with the latter each listener speaks TLS, without a session of an earlier one.
 * TARGETS is a file with a line for each stream, "START_NS PATH": when its source began (CLOCK_MONOTONIC,
 * nanoseconds) and what to ask for. Listener i asks for line i modulo the number of lines. They come
 * PAUSE_MS apart; with 0 all at once. PAGE_SAMPLES is how much audio the source puts on a page.
 *
 * The delay of a page: its source sent the sample at granule position g when the source page that ends with it, or
 * holds it, was full, at START + ceil(g / PAGE_SAMPLES) * PAGE_SAMPLES / 48000. So a server may make pages of its
 * own, if only its granule positions begin with the source's. A listener that was moved ahead in the stream with
 * granule positions that hide it has a larger delay from then on.
 *
 * Output, a line of JSON each: once all have audio (or were refused), how long that took; and for every line on
 * the standard input, what was counted since the line before. The end of the standard input ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "response.h"
#include "tls.h"

enum {
    SAMPLE_RATE = 48000,
    RECEIVE_BYTES = 65536,
    EVENTS = 512,
    PATH_BYTES = 256,
    BUCKETS = 300000, /* of 0.1 ms: delays up to 30 s; longer ones are counted in the last */
    SOURCE_ADDRESSES = 8, /* 127.0.0.1 and up, so that ports are not used up by runs one after another */
};

static const uint64_t SECOND_NS = 1000000000;
static const uint64_t BUCKET_NS = 100000;

enum phase { CONNECTING, HANDSHAKE, LISTENING, GONE };

struct target {
    uint64_t start_ns;
    char path[PATH_BYTES];
};

struct listener {
    int socket;
    SSL *tls; /* NULL without TLS */
    enum phase phase;
    bool has_audio;
    uint32_t next_sequence;
    uint64_t asked_ns;
    const struct target *target;
    struct response response;
};

static struct {
    uint64_t since_ns, pages, bytes, gaps, missing_pages, disconnects, max_delay_ns;
    uint64_t buckets[BUCKETS];
} counted;

static struct listener *listeners;
static struct target *targets;
static int listener_count, target_count, begun, open_count, refused, epoll;
static uint64_t *waits_ns; /* for each listener that has audio: how long it waited */
static int heard;
static uint64_t begun_ns;
static uint32_t page_samples;
static struct sockaddr_in server;
static SSL_CTX *context; /* NULL without TLS */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "listener_crowd: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void read_targets(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    struct target each;
    while (fscanf(file, "%" SCNu64 " %255s", &each.start_ns, each.path) == 2) {
        targets = realloc(targets, (size_t)(target_count + 1) * sizeof each);
        if (!targets) fail("targets");
        targets[target_count++] = each;
    }
    fclose(file);
    if (!target_count) {
        fprintf(stderr, "listener_crowd: expected lines of START_NS PATH in %s, got none\n", path);
        exit(1);
    }
}

static void watch(struct listener *listener, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = listener};
    if (epoll_ctl(epoll, operation, listener->socket, &event)) fail("epoll_ctl");
}

static void begin(struct listener *listener, int number) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    int yes = 1;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(number % SOURCE_ADDRESSES));
    listener->target = &targets[number % target_count];
    listener->asked_ns = now_ns();
    listener->phase = CONNECTING;
    listener->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->socket < 0) fail("socket");
    setsockopt(listener->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    setsockopt(listener->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (bind(listener->socket, (struct sockaddr *)&own, sizeof own)) fail("bind");
    if (connect(listener->socket, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) {
        fail("connect");
    }
    watch(listener, EPOLL_CTL_ADD, EPOLLOUT);
    open_count++;
}

static void leave(struct listener *listener) {
    if (listener->has_audio) {
        counted.disconnects++;
    } else {
        refused++;
    }
    SSL_free(listener->tls);
    close(listener->socket);
    listener->phase = GONE;
    open_count--;
}

static void ask(struct listener *listener) {
    char request[PATH_BYTES + 64];
    int size = snprintf(
        request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", listener->target->path);
    ssize_t sent = listener->tls ? tls_result(listener->tls, SSL_write(listener->tls, request, size))
                                 : send(listener->socket, request, (size_t)size, MSG_NOSIGNAL);
    if (sent != size) {
        leave(listener);
        return;
    }
    listener->phase = LISTENING;
    watch(listener, EPOLL_CTL_MOD, EPOLLIN);
}

static void shake_hands(struct listener *listener) {
    if (!listener->tls) listener->tls = tls_over(context, listener->socket, 0);
    listener->phase = HANDSHAKE;
    if (tls_result(listener->tls, SSL_do_handshake(listener->tls)) == 1) {
        ask(listener);
    } else if (errno == EAGAIN) {
        watch(listener, EPOLL_CTL_MOD, SSL_want_write(listener->tls) ? EPOLLOUT : EPOLLIN);
    } else {
        leave(listener);
    }
}

static void note_delay(const struct listener *listener, uint64_t granule, uint64_t now) {
    uint64_t source_pages = (granule + page_samples - 1) / page_samples;
    uint64_t sent_ns = listener->target->start_ns + source_pages * page_samples * SECOND_NS / SAMPLE_RATE;
    uint64_t delay_ns = now > sent_ns ? now - sent_ns : 0;
    uint64_t bucket = delay_ns / BUCKET_NS;
    counted.buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    if (delay_ns > counted.max_delay_ns) counted.max_delay_ns = delay_ns;
}

static void count_page(struct listener *listener, uint64_t now) {
    uint32_t sequence = page_sequence(&listener->response);
    int64_t granule = page_granule(&listener->response);
    if (granule <= 0) return; /* the two header pages */
    if (!listener->has_audio) {
        /* Between the header pages and the place where one joins, page numbers may jump. */
        listener->has_audio = true;
        waits_ns[heard++] = now - listener->asked_ns;
    } else if (sequence != listener->next_sequence) {
        counted.gaps++;
        counted.missing_pages += sequence - listener->next_sequence;
    }
    listener->next_sequence = sequence + 1;
    counted.pages++;
    note_delay(listener, (uint64_t)granule, now);
}

/* Receive what one call gives; say whether more is at hand that the socket does not tell of. */
static bool receive(struct listener *listener) {
    static unsigned char buffer[RECEIVE_BYTES];
    ssize_t size = listener->tls ? tls_result(listener->tls, SSL_read(listener->tls, buffer, sizeof buffer))
                                 : recv(listener->socket, buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size <= 0) {
        leave(listener);
        return false;
    }
    uint64_t now = now_ns();
    counted.bytes += (uint64_t)size;
    for (size_t at = 0; at < (size_t)size;) {
        bool page_ended;
        int64_t taken = response_take(&listener->response, buffer + at, (size_t)size - at, &page_ended);
        if (taken < 0) {
            leave(listener);
            return false;
        }
        at += (size_t)taken;
        if (page_ended) count_page(listener, now);
    }
    return listener->tls && SSL_has_pending(listener->tls);
}

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static double wait_ms(double share) {
    return heard ? (double)waits_ns[(int)(share * (heard - 1))] / 1e6 : 0;
}

static void print_joined(void) {
    qsort(waits_ns, (size_t)heard, sizeof *waits_ns, by_size);
    printf(
        "{\"joined\": %d, \"refused\": %d, \"seconds\": %.4f, \"wait_p50_ms\": %.1f, \"wait_p99_ms\": %.1f}\n", heard,
        refused, (double)(now_ns() - begun_ns) / 1e9, wait_ms(0.5), wait_ms(0.99));
}

static double delay_ms(double share) {
    uint64_t left = (uint64_t)(share * (double)counted.pages);
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        if (counted.buckets[bucket] > left) return (bucket + 1) * (double)BUCKET_NS / 1e6;
        left -= counted.buckets[bucket];
    }
    return (double)counted.max_delay_ns / 1e6;
}

static void print_counted(void) {
    uint64_t now = now_ns();
    printf(
        "{\"seconds\": %.4f, \"listeners\": %d, \"heard\": %d, \"pages\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"gaps\": %" PRIu64
        ", \"missing_pages\": %" PRIu64 ", \"disconnects\": %" PRIu64
        ", \"delay_p50_ms\": %.1f, \"delay_p99_ms\": %.1f, \"delay_max_ms\": %.1f}\n",
        (double)(now - counted.since_ns) / 1e9, open_count, heard, counted.pages, counted.bytes, counted.gaps,
        counted.missing_pages, counted.disconnects, delay_ms(0.5), delay_ms(0.99), (double)counted.max_delay_ns / 1e6);
    memset(&counted, 0, sizeof counted);
    counted.since_ns = now;
}

/* Answer the lines that have come; say whether more may come. */
static bool obey(void) {
    char commands[256];
    ssize_t size = read(STDIN_FILENO, commands, sizeof commands);
    for (ssize_t at = 0; at < size; at++) {
        if (commands[at] == '\n') print_counted();
    }
    return size > 0;
}

static void serve(struct listener *listener, uint32_t events) {
    if (listener->phase > HANDSHAKE) {
        while (receive(listener)) continue;
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        leave(listener);
    } else if (context) {
        shake_hands(listener);
    } else {
        ask(listener);
    }
}

/* Begin those whose time has come; give the milliseconds until the next one's, -1 when all have begun. */
static int begin_due(uint64_t pause_ns) {
    static uint64_t due_ns;
    for (; begun < listener_count; begun++) {
        uint64_t now = now_ns();
        if (now < due_ns) return (int)((due_ns - now) / 1000000) + 1;
        begin(&listeners[begun], begun);
        /* From now on, not from when it was due: one who is late does not make up for it by a crowd. */
        due_ns = now + pause_ns;
    }
    return -1;
}

int main(int count, char **arguments) {
    if (count != 7) {
        fprintf(stderr, "usage: listener_crowd SCHEME PORT LISTENERS PAUSE_MS PAGE_SAMPLES TARGETS\n");
        return 2;
    }
    if (!strcmp(arguments[1], "https")) {
        context = tls_context(TLS_client_method());
        /* One read for all records that are there; two for each of them without. */
        SSL_CTX_set_read_ahead(context, 1);
    }
    listener_count = atoi(arguments[3]);
    uint64_t pause_ns = (uint64_t)atoi(arguments[4]) * 1000000;
    page_samples = (uint32_t)atoi(arguments[5]);
    read_targets(arguments[6]);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[2]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    setvbuf(stdout, NULL, _IOLBF, 0);

    listeners = calloc((size_t)listener_count, sizeof *listeners);
    waits_ns = calloc((size_t)listener_count, sizeof *waits_ns);
    if (!listeners || !waits_ns) fail("memory");
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS], input = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input)) fail("standard input");

    begun_ns = counted.since_ns = now_ns();
    for (bool said = false;;) {
        int timeout_ms = begin_due(pause_ns);
        if (!said && heard + refused == listener_count) {
            print_joined();
            said = true;
        }
        int ready = epoll_wait(epoll, events, EVENTS, timeout_ms);
        for (int at = 0; at < ready; at++) {
            if (events[at].data.ptr) {
                serve(events[at].data.ptr, events[at].events);
            } else if (!obey()) {
                return 0;
            }
        }
    }
}
