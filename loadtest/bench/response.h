/*
 * response: what a listener gets, as a state machine that sees the response's head, the sizes of chunks (RFC 9112
 * section 7.1; nginx makes them) and the heads of Ogg pages (RFC 3533 section 6). Bodies of pages are skipped.
 *
 * It owns no socket. It never decodes, never checks a checksum and never decides what is good beyond the form.
 */
#ifndef AUDIOCAST_BENCH_RESPONSE_H
#define AUDIOCAST_BENCH_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum {
    PAGE_HEAD_BYTES = 27,
    GRANULE_OFFSET = 6,
    SEQUENCE_OFFSET = 18,
    SEGMENTS_OFFSET = 26,
    MAX_PAGE_HEAD_BYTES = PAGE_HEAD_BYTES + 255,
};

enum response_phase { STATUS_LINE, FIELDS, CHUNK_SIZE, PAGE_HEAD, PAGE_BODY };

struct response {
    enum response_phase phase; /* STATUS_LINE at the begin, so a response of zeros is a new one */
    enum response_phase paused; /* where the pages go on after a chunk's size */
    bool is_chunked;
    bool has_size; /* a digit of the chunk's size was seen */
    uint64_t chunk_left;
    uint32_t body_left; /* of the page */
    uint32_t filled; /* bytes of `head` */
    unsigned char head[MAX_PAGE_HEAD_BYTES]; /* of the page; before, the line of the response's head */
};

static inline uint32_t page_sequence(const struct response *response) {
    uint32_t sequence;
    memcpy(&sequence, response->head + SEQUENCE_OFFSET, sizeof sequence);
    return sequence;
}

static inline int64_t page_granule(const struct response *response) {
    int64_t granule;
    memcpy(&granule, response->head + GRANULE_OFFSET, sizeof granule);
    return granule;
}

/* Take a byte of the response's head; what is too long for a line's buffer is no field that matters here. */
static inline bool response_take_head(struct response *response, unsigned char byte) {
    static const char chunked[] = "Transfer-Encoding: chunked";
    if (byte != '\n') {
        if (byte != '\r' && response->filled < sizeof response->head) response->head[response->filled++] = byte;
        return true;
    }
    if (response->phase == STATUS_LINE) {
        if (response->filled < 12 || memcmp(response->head + 9, "200", 3)) return false;
        response->phase = FIELDS;
    } else if (!response->filled) {
        response->phase = response->is_chunked ? CHUNK_SIZE : PAGE_HEAD;
        response->paused = PAGE_HEAD;
    } else if (response->filled == sizeof chunked - 1) {
        response->is_chunked |= !strncasecmp((char *)response->head, chunked, sizeof chunked - 1);
    }
    response->filled = 0;
    return true;
}

/* Take a byte of a chunk's size, or of the line's end behind the chunk before it. The chunk of no bytes is an end. */
static inline bool response_take_chunk_size(struct response *response, unsigned char byte) {
    int digit = byte >= '0' && byte <= '9' ? byte - '0' : (byte | 32) >= 'a' && (byte | 32) <= 'f' ? (byte | 32) - 'a' + 10 : -1;
    if (digit >= 0) {
        response->chunk_left = 16 * response->chunk_left + (uint64_t)digit;
        response->has_size = true;
    } else if (byte == '\n' && response->has_size) {
        response->has_size = false;
        response->phase = response->paused;
        return response->chunk_left > 0;
    } else if (byte != '\r' && byte != '\n') {
        return false;
    }
    return true;
}

static inline int64_t response_take_page_head(struct response *response, const unsigned char *data, size_t size) {
    uint32_t wanted = response->filled < PAGE_HEAD_BYTES
                          ? PAGE_HEAD_BYTES
                          : PAGE_HEAD_BYTES + (uint32_t)response->head[SEGMENTS_OFFSET];
    size_t taken = wanted - response->filled < size ? wanted - response->filled : size;
    memcpy(response->head + response->filled, data, taken);
    response->filled += (uint32_t)taken;
    if (response->filled < PAGE_HEAD_BYTES) return (int64_t)taken;
    if (memcmp(response->head, "OggS", 4)) return -1;
    if (response->filled < PAGE_HEAD_BYTES + (uint32_t)response->head[SEGMENTS_OFFSET]) return (int64_t)taken;
    response->body_left = 0;
    for (uint32_t at = PAGE_HEAD_BYTES; at < response->filled; at++) response->body_left += response->head[at];
    response->phase = PAGE_BODY;
    return (int64_t)taken;
}

static inline int64_t response_take_page_body(struct response *response, size_t size) {
    size_t taken = response->body_left < size ? response->body_left : size;
    response->body_left -= (uint32_t)taken;
    return (int64_t)taken;
}

/*
 * Take some of what came; give how many bytes were used, or -1 when the response is over or not what it should be.
 * `page_ended` says that a page ended with them: its head can be asked until the next call.
 */
static inline int64_t response_take(
    struct response *response, const unsigned char *data, size_t size, bool *page_ended) {
    *page_ended = false;
    if (response->phase <= FIELDS) return response_take_head(response, *data) ? 1 : -1;
    if (response->phase == CHUNK_SIZE) return response_take_chunk_size(response, *data) ? 1 : -1;
    if (response->is_chunked && response->chunk_left < size) size = response->chunk_left;
    int64_t taken = 0;
    if (response->phase == PAGE_HEAD) taken = response_take_page_head(response, data, size);
    if (taken < 0) return -1;
    if (response->phase == PAGE_BODY) {
        taken += response_take_page_body(response, size - (size_t)taken);
        *page_ended = !response->body_left;
    }
    if (*page_ended) {
        response->phase = PAGE_HEAD;
        response->filled = 0;
    }
    if (response->is_chunked && !(response->chunk_left -= (uint64_t)taken)) {
        response->paused = response->phase;
        response->phase = CHUNK_SIZE;
    }
    return taken;
}

#endif
