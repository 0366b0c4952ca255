/*
 * floor: the least that fan-out can cost when each page is sent to each listener by itself.
 *
 * Owns one source and any number of listeners. It reads Ogg pages (RFC 3533 section 6) as they come, without a word
 * of HTTP, and calls `send` once for each page and listener. It never parses a request, never keeps a backlog and
 * never waits for a slow listener: what a socket does not take is lost and counted.
 *
 *   floor [CERTIFICATE KEY]
 *
 * With the two files of PEM it speaks TLS with its listeners, and calls `SSL_write` once for each page and listener.
 *
 * Output: a line of JSON with the two ports that it has taken, for listeners and for the source; and when the source
 * has closed, what was counted. That ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

enum {
    PAGE_HEAD_BYTES = 27,
    SEGMENTS_OFFSET = 26,
    MAX_PAGE_BYTES = PAGE_HEAD_BYTES + 255 + 255 * 255,
    HEADER_PAGES = 2,
    BUFFER_BYTES = 2 * MAX_PAGE_BYTES,
    ACCEPT_BACKLOG = 4096,
    MAX_LISTENERS = 20000,
    MAX_JOINING = 256, /* more wait in the accept queue */
};

static struct listener {
    int socket;
    SSL *tls; /* NULL without TLS */
} listeners[MAX_LISTENERS], joining[MAX_JOINING]; /* the latter shake hands */
static int joining_count;
static SSL_CTX *context; /* NULL without TLS */
static int listener_count;
static unsigned char welcome[2 * MAX_PAGE_BYTES] = "HTTP/1.1 200 OK\r\nContent-Type: audio/ogg\r\n\r\n";
static size_t welcome_bytes;
static int header_pages;
static unsigned long long pages, sends, lost;

static void fail(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_anywhere(int *port) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t size = sizeof own;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (listening < 0 || bind(listening, (struct sockaddr *)&own, size) || listen(listening, ACCEPT_BACKLOG)) {
        fail("listen");
    }
    getsockname(listening, (struct sockaddr *)&own, &size);
    *port = ntohs(own.sin_port);
    return listening;
}

static ssize_t send_bytes(const struct listener *listener, const unsigned char *data, size_t size) {
    if (!listener->tls) return send(listener->socket, data, size, MSG_NOSIGNAL);
    return tls_result(listener->tls, SSL_write(listener->tls, data, (int)size));
}

static void close_listener(const struct listener *listener) {
    SSL_free(listener->tls);
    close(listener->socket);
}

static void welcome_listener(const struct listener *listener) {
    if (listener_count < MAX_LISTENERS && send_bytes(listener, welcome, welcome_bytes) == (ssize_t)welcome_bytes) {
        listeners[listener_count++] = *listener;
    } else {
        close_listener(listener);
    }
}

static void take_listener(int listening) {
    int yes = 1;
    struct listener listener = {.socket = accept4(listening, NULL, NULL, SOCK_NONBLOCK)};
    if (listener.socket < 0) return;
    setsockopt(listener.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (!context) {
        welcome_listener(&listener);
        return;
    }
    listener.tls = tls_over(context, listener.socket, 1);
    joining[joining_count++] = listener;
}

/* Go on with the handshakes of which something has come; `ready` has an entry for each. */
static void shake_hands(const struct pollfd *ready) {
    for (int at = joining_count - 1; at >= 0; at--) {
        if (!ready[at].revents) continue;
        ssize_t result = tls_result(joining[at].tls, SSL_do_handshake(joining[at].tls));
        if (result < 0 && errno == EAGAIN) continue;
        if (result == 1) {
            welcome_listener(&joining[at]);
        } else {
            close_listener(&joining[at]);
        }
        joining[at] = joining[--joining_count];
    }
}

static void send_page(const unsigned char *page, size_t size) {
    pages++;
    for (int at = 0; at < listener_count; at++) {
        ssize_t sent = send_bytes(&listeners[at], page, size);
        sends++;
        if (sent == (ssize_t)size) continue;
        lost++;
        /* What TLS has begun to write it has to write to its end. */
        if (sent < 0 && errno == EAGAIN && !context) continue;
        /* Gone, or left with half a page. */
        close_listener(&listeners[at]);
        listeners[at--] = listeners[--listener_count];
    }
}

static void take_page(const unsigned char *page, size_t size) {
    if (header_pages == HEADER_PAGES) {
        send_page(page, size);
        return;
    }
    if (welcome_bytes + size > sizeof welcome) {
        fprintf(stderr, "floor: expected short header pages, got %zu bytes\n", size);
        exit(1);
    }
    memcpy(welcome + welcome_bytes, page, size);
    welcome_bytes += size;
    header_pages++;
}

/* Give the size of the page at `data`, 0 while it is not whole. */
static size_t page_size(const unsigned char *data, size_t size) {
    if (size < PAGE_HEAD_BYTES || size < PAGE_HEAD_BYTES + (size_t)data[SEGMENTS_OFFSET]) return 0;
    size_t page_bytes = PAGE_HEAD_BYTES + data[SEGMENTS_OFFSET];
    for (int at = 0; at < data[SEGMENTS_OFFSET]; at++) page_bytes += data[PAGE_HEAD_BYTES + at];
    return page_bytes <= size ? page_bytes : 0;
}

/* Read what the source has; say whether more may come. */
static bool take_source(int source) {
    static unsigned char buffer[BUFFER_BYTES];
    static size_t filled;
    ssize_t size = recv(source, buffer + filled, sizeof buffer - filled, 0);
    if (size <= 0) return false;
    filled += (size_t)size;
    size_t start = 0, page_bytes;
    while ((page_bytes = page_size(buffer + start, filled - start))) {
        take_page(buffer + start, page_bytes);
        start += page_bytes;
    }
    memmove(buffer, buffer + start, filled - start);
    filled -= start;
    return true;
}

int main(int count, char **arguments) {
    if (count != 1 && count != 3) {
        fprintf(stderr, "usage: floor [CERTIFICATE KEY]\n");
        return 2;
    }
    if (count == 3) {
        context = tls_context(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(context, arguments[1]) != 1 ||
            SSL_CTX_use_PrivateKey_file(context, arguments[2], SSL_FILETYPE_PEM) != 1) {
            ERR_print_errors_fp(stderr);
            return 1;
        }
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    setvbuf(stdout, NULL, _IOLBF, 0);

    int port, source_port;
    int listening = listen_anywhere(&port);
    int source_listening = listen_anywhere(&source_port);
    welcome_bytes = strlen((char *)welcome);
    printf("{\"port\": %d, \"source_port\": %d}\n", port, source_port);
    int source = accept(source_listening, NULL, NULL);
    if (source < 0) fail("accept");

    struct pollfd ready[2 + MAX_JOINING] = {{.fd = source, .events = POLLIN}};
    for (;;) {
        /* Listeners wait in the accept queue until there is something to welcome them with. */
        bool is_open = header_pages == HEADER_PAGES && joining_count < MAX_JOINING;
        ready[1] = (struct pollfd){.fd = is_open ? listening : -1, .events = POLLIN};
        for (int at = 0; at < joining_count; at++) {
            short events = SSL_want_write(joining[at].tls) ? POLLOUT : POLLIN;
            ready[2 + at] = (struct pollfd){.fd = joining[at].socket, .events = events};
        }
        if (poll(ready, 2 + (nfds_t)joining_count, -1) < 0) fail("poll");
        if (ready[0].revents && !take_source(source)) break;
        shake_hands(ready + 2);
        if (ready[1].revents) take_listener(listening);
    }
    printf(
        "{\"pages\": %llu, \"sends\": %llu, \"lost\": %llu, \"listeners\": %d}\n", pages, sends, lost, listener_count);
    return 0;
}
