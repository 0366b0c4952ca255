/*
 * tls: what the benchmark's own programs need of OpenSSL (version 3), at both ends of a connection.
 *
 * Both ends insist on TLS 1.3 (RFC 8446) with AES-128-GCM, which browsers prefer: so every server that is compared
 * does the same cryptography, and one that cannot fails. Nothing is verified beyond what the handshake itself
 * verifies: certificates are made for a run. It owns no connection.
 */
#ifndef AUDIOCAST_BENCH_TLS_H
#define AUDIOCAST_BENCH_TLS_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>

static SSL_CTX *tls_context(const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
        !SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256")) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    /* OpenSSL writes without MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    return context;
}

/* A connection of `context` over a socket, at the end that `accepts` or at the other one. */
static SSL *tls_over(SSL_CTX *context, int socket, int accepts) {
    SSL *tls = SSL_new(context);
    if (!tls || !SSL_set_fd(tls, socket)) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    if (accepts) {
        SSL_set_accept_state(tls);
    } else {
        SSL_set_connect_state(tls);
    }
    return tls;
}

/* Give the result of an SSL call as `recv` and `send` give theirs: EAGAIN where the socket has to be waited for. */
static ssize_t tls_result(SSL *tls, int result) {
    if (result > 0) return result;
    int error = SSL_get_error(tls, result);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

#endif
