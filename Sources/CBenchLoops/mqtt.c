#include "CBenchLoops.h"

#include <mosquitto.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

typedef struct {
    bool is_connected;
    bool is_subscribed;
    int64_t answered;
    int64_t messages;
    int64_t first_ns;
    int64_t last_ns;
} state_t;

static void connected(struct mosquitto *handle, void *object, int code) {
    (void)handle;
    ((state_t *)object)->is_connected = code == 0;
}

static void published(struct mosquitto *handle, void *object, int id) {
    (void)handle;
    (void)id;
    ((state_t *)object)->answered++;
}

static void subscribed(struct mosquitto *handle, void *object, int id, int count, const int *granted) {
    (void)handle;
    (void)id;
    (void)count;
    (void)granted;
    ((state_t *)object)->is_subscribed = true;
}

static void came(struct mosquitto *handle, void *object, const struct mosquitto_message *message) {
    (void)handle;
    (void)message;
    state_t *state = object;
    state->last_ns = now_ns();
    if (state->messages++ == 0) state->first_ns = state->last_ns;
}

static struct mosquitto *open_link(const char *host, int port, state_t *state) {
    mosquitto_lib_init();
    struct mosquitto *handle = mosquitto_new(NULL, true, state);
    if (handle == NULL) return NULL;
    mosquitto_connect_callback_set(handle, connected);
    mosquitto_publish_callback_set(handle, published);
    mosquitto_subscribe_callback_set(handle, subscribed);
    mosquitto_message_callback_set(handle, came);
    if (mosquitto_connect(handle, host, port, 60) != MOSQ_ERR_SUCCESS) {
        mosquitto_destroy(handle);
        return NULL;
    }
    while (!state->is_connected) {
        if (mosquitto_loop(handle, 100, 64) != MOSQ_ERR_SUCCESS) {
            mosquitto_destroy(handle);
            return NULL;
        }
    }
    return handle;
}

int64_t plumbline_bench_publish(
    const char *host, int port, const char *prefix, int topics, int qos, int64_t messages) {
    enum { IN_FLIGHT_MAX = 500, BURST = 64 };
    state_t state = {0};
    struct mosquitto *handle = open_link(host, port, &state);
    if (handle == NULL) return -1;
    mosquitto_max_inflight_messages_set(handle, IN_FLIGHT_MAX);
    int64_t start = now_ns();
    int64_t sent = 0;
    int64_t took = -1;
    while (state.answered < messages) {
        /* Published messages that the socket does not take stay in libmosquitto, so the loop sends no more than it may. */
        while (sent < messages && sent - state.answered < IN_FLIGHT_MAX) {
            char topic[128];
            char payload[32];
            snprintf(topic, sizeof topic, "%s/v%d", prefix, (int)(sent % topics));
            int size = snprintf(payload, sizeof payload, "%lld.5", (long long)(sent % 1000));
            if (mosquitto_publish(handle, NULL, topic, size, payload, qos, false) != MOSQ_ERR_SUCCESS) goto done;
            sent++;
            if (sent % BURST == 0) break;
        }
        if (mosquitto_loop(handle, sent < messages ? 0 : 10, BURST) != MOSQ_ERR_SUCCESS) goto done;
    }
    took = now_ns() - start;
done:
    mosquitto_disconnect(handle);
    mosquitto_loop(handle, 10, 1);
    mosquitto_destroy(handle);
    return took;
}

int64_t plumbline_bench_subscribe(const char *host, int port, const char *filter, int quiet_ms, int64_t *messages) {
    enum { FIRST_NS = 30 };
    state_t state = {0};
    struct mosquitto *handle = open_link(host, port, &state);
    if (handle == NULL) return -1;
    int64_t took = -1;
    if (mosquitto_subscribe(handle, NULL, filter, 1) == MOSQ_ERR_SUCCESS) {
        while (!state.is_subscribed && mosquitto_loop(handle, 100, 64) == MOSQ_ERR_SUCCESS) {}
        printf("\n");
        fflush(stdout);
        int64_t start = now_ns();
        while (mosquitto_loop(handle, 50, 64) == MOSQ_ERR_SUCCESS) {
            int64_t idle = now_ns() - (state.messages > 0 ? state.last_ns : start);
            int64_t limit = state.messages > 0 ? (int64_t)quiet_ms * 1000000 : (int64_t)FIRST_NS * 1000000000;
            if (idle > limit) break;
        }
        if (state.messages > 0) took = state.last_ns - state.first_ns;
    }
    *messages = state.messages;
    mosquitto_disconnect(handle);
    mosquitto_destroy(handle);
    return took;
}
