/*
 * send_ways: what a page to each of many sockets costs, by the system call that sends it.
 *
 * Owns some TCP connections over the loopback address, a child that reads and forgets on another core, and a clock of
 * 20 ms. It sends a page to every connection at each tick, and prints the processor time of that per page and
 * connection. No HTTP, no Ogg, no backlog: `floor.c` is the least that a server does, this is the least below it.
 *
 *   send_ways CONNECTIONS PAGE_BYTES TICKS
 *
 * Output: a line of JSON for each way. send: one send(2) each. zerocopy: the same with MSG_ZEROCOPY, and one recvmsg(2)
 * each for the note that the bytes may be used again. io_uring: one io_uring_enter(2) for all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TICK_NS = 20000000, EVENTS = 512, MOST_CONNECTIONS = 10000, RING_ENTRIES = 4096, SERVER_CORE = 0, LOAD_CORE = 1 };

static int sockets[MOST_CONNECTIONS], count;
static char page[65536];
static size_t page_bytes;

static struct {
    int fd;
    unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail;
    struct io_uring_sqe *sqes;
} ring;

static void fail(const char *what) {
    fprintf(stderr, "send_ways: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void bind_to_core(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    /* With one core there is no other: everything runs there. */
    sched_setaffinity(0, sizeof cores, &cores);
}

static void read_and_forget(int reading) {
    static char buffer[65536];
    struct epoll_event events[EVENTS];
    bind_to_core(LOAD_CORE);
    for (;;) {
        int ready = epoll_wait(reading, events, EVENTS, -1);
        for (int at = 0; at < ready; at++) {
            if (recv(events[at].data.fd, buffer, sizeof buffer, 0) <= 0) exit(0);
        }
    }
}

static pid_t connect_all(void) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t size = sizeof own;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listening = socket(AF_INET, SOCK_STREAM, 0), reading = epoll_create1(0), yes = 1;
    if (bind(listening, (struct sockaddr *)&own, size) || listen(listening, 128)) fail("listen");
    getsockname(listening, (struct sockaddr *)&own, &size);
    for (int at = 0; at < count; at++) {
        int reader = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(reader, (struct sockaddr *)&own, size)) fail("connect");
        sockets[at] = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
        if (sockets[at] < 0) fail("accept");
        setsockopt(sockets[at], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        setsockopt(sockets[at], SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof yes);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = reader};
        if (epoll_ctl(reading, EPOLL_CTL_ADD, reader, &event)) fail("epoll_ctl");
    }
    pid_t child = fork();
    if (!child) read_and_forget(reading);
    return child;
}

static void by_send(void) {
    for (int at = 0; at < count; at++) {
        if (send(sockets[at], page, page_bytes, MSG_NOSIGNAL) < 0) fail("send");
    }
}

static void by_zerocopy(void) {
    char control[128];
    for (int at = 0; at < count; at++) {
        struct msghdr note = {.msg_control = control, .msg_controllen = sizeof control};
        if (send(sockets[at], page, page_bytes, MSG_NOSIGNAL | MSG_ZEROCOPY) < 0) fail("send with MSG_ZEROCOPY");
        recvmsg(sockets[at], &note, MSG_ERRQUEUE);
    }
}

static void open_ring(void) {
    struct io_uring_params params = {0};
    ring.fd = (int)syscall(__NR_io_uring_setup, RING_ENTRIES, &params);
    if (ring.fd < 0) fail("io_uring_setup");
    size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    int access = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
    char *sq = mmap(NULL, sq_bytes, access, flags, ring.fd, IORING_OFF_SQ_RING);
    char *cq = mmap(NULL, cq_bytes, access, flags, ring.fd, IORING_OFF_CQ_RING);
    ring.sqes = mmap(NULL, params.sq_entries * sizeof *ring.sqes, access, flags, ring.fd, IORING_OFF_SQES);
    if (sq == MAP_FAILED || cq == MAP_FAILED || ring.sqes == MAP_FAILED) fail("mmap");
    ring.sq_tail = (unsigned *)(sq + params.sq_off.tail);
    ring.sq_mask = (unsigned *)(sq + params.sq_off.ring_mask);
    ring.sq_array = (unsigned *)(sq + params.sq_off.array);
    ring.cq_head = (unsigned *)(cq + params.cq_off.head);
    ring.cq_tail = (unsigned *)(cq + params.cq_off.tail);
}

static void by_io_uring(void) {
    for (int begun = 0; begun < count;) {
        unsigned tail = *ring.sq_tail;
        int batch = count - begun < RING_ENTRIES ? count - begun : RING_ENTRIES;
        for (int at = 0; at < batch; at++, tail++) {
            unsigned slot = tail & *ring.sq_mask;
            ring.sqes[slot] = (struct io_uring_sqe){
                .opcode = IORING_OP_SEND,
                .fd = sockets[begun + at],
                .addr = (uint64_t)(uintptr_t)page,
                .len = (uint32_t)page_bytes,
                .msg_flags = MSG_NOSIGNAL,
            };
            ring.sq_array[slot] = slot;
        }
        __atomic_store_n(ring.sq_tail, tail, __ATOMIC_RELEASE);
        if (syscall(__NR_io_uring_enter, ring.fd, batch, batch, IORING_ENTER_GETEVENTS, NULL, 0) != batch) {
            fail("io_uring_enter");
        }
        __atomic_store_n(ring.cq_head, __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
        begun += batch;
    }
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void measure(const char *name, void (*send_all)(void), int ticks) {
    uint64_t used_ns = 0, due_ns = clock_ns(CLOCK_MONOTONIC);
    for (int tick = 0; tick < ticks; tick++) {
        uint64_t before_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        send_all();
        used_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before_ns;
        due_ns += TICK_NS;
        struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000), .tv_nsec = (long)(due_ns % 1000000000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    printf("{\"way\": \"%s\", \"us_a_page\": %.2f}\n", name, (double)used_ns / 1e3 / ticks / count);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) {
        fprintf(stderr, "usage: send_ways CONNECTIONS PAGE_BYTES TICKS\n");
        return 2;
    }
    count = atoi(arguments[1]);
    page_bytes = (size_t)atoi(arguments[2]);
    int ticks = atoi(arguments[3]);
    if (count < 1 || count > MOST_CONNECTIONS || page_bytes < 1 || page_bytes > sizeof page || ticks < 1) {
        fprintf(stderr, "send_ways: expected 1 to 10000 connections, 1 to 65536 bytes, 1 tick or more\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t child = connect_all();
    bind_to_core(SERVER_CORE);
    open_ring();
    for (int turn = 0; turn < 3; turn++) {
        measure("send", by_send, ticks);
        measure("io_uring", by_io_uring, ticks);
        measure("zerocopy", by_zerocopy, ticks);
    }
    kill(child, SIGKILL);
    return 0;
}
