#include "CBenchLoops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORTS_MAX = 1024, CLIENTS_MAX = 4096, FRAME_MAX = 260, HEADER = 7 };

typedef struct {
    int socket;
    size_t size;
    uint8_t bytes[FRAME_MAX];
} client_t;

static uint16_t time_word(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint16_t)(((uint64_t)now.tv_sec * 10000 + (uint64_t)now.tv_nsec / 100000) & 0xFFFF);
}

static int listener(int *port) {
    int made = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (made < 0 || bind(made, (struct sockaddr *)&address, sizeof address) != 0 || listen(made, 64) != 0 ||
        getsockname(made, (struct sockaddr *)&address, &size) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return made;
}

/* One request in full; the answer goes out at once. Returns its size, 0 while it is not whole, -1 for a bad one. */
static int answer(client_t *client, int silent_unit) {
    if (client->size < HEADER + 5) return 0;
    const uint8_t *in = client->bytes;
    int size = 6 + (in[4] << 8 | in[5]);
    if (size != HEADER + 5) return -1;
    int count = in[10] << 8 | in[11];
    if ((in[7] != 3 && in[7] != 4) || count < 1 || count > 125) return -1;
    if (in[6] == silent_unit) return size;
    uint8_t out[FRAME_MAX];
    memcpy(out, in, 4);
    int length = 3 + 2 * count;
    out[4] = (uint8_t)(length >> 8);
    out[5] = (uint8_t)length;
    out[6] = in[6];
    out[7] = in[7];
    out[8] = (uint8_t)(2 * count);
    uint16_t word = time_word();
    for (int i = 0; i < count; i++) {
        out[9 + 2 * i] = (uint8_t)(word >> 8);
        out[10 + 2 * i] = (uint8_t)word;
    }
    return send(client->socket, out, (size_t)(6 + length), MSG_NOSIGNAL) == 6 + length ? size : -1;
}

static int serve_client(client_t *client, int silent_unit) {
    ssize_t got = recv(client->socket, client->bytes + client->size, FRAME_MAX - client->size, 0);
    if (got <= 0) return -1;
    client->size += (size_t)got;
    int taken;
    while ((taken = answer(client, silent_unit)) > 0) {
        client->size -= (size_t)taken;
        memmove(client->bytes, client->bytes + taken, client->size);
    }
    return taken;
}

int plumbline_bench_serve(int ports, int silent_unit) {
    static client_t clients[CLIENTS_MAX];
    static struct pollfd waits[1 + PORTS_MAX + CLIENTS_MAX];
    int listeners[PORTS_MAX];
    int clients_count = 0;
    if (ports < 1 || ports > PORTS_MAX) return -1;
    for (int i = 0; i < ports; i++) {
        int port;
        listeners[i] = listener(&port);
        if (listeners[i] < 0) return -1;
        printf("%d\n", port);
    }
    printf("\n");
    fflush(stdout);
    for (;;) {
        waits[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        for (int i = 0; i < ports; i++) waits[1 + i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
        for (int i = 0; i < clients_count; i++)
            waits[1 + ports + i] = (struct pollfd){.fd = clients[i].socket, .events = POLLIN};
        if (poll(waits, (nfds_t)(1 + ports + clients_count), -1) < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        if (waits[0].revents != 0) {
            char byte;
            if (read(STDIN_FILENO, &byte, 1) <= 0) return 0;
        }
        for (int i = clients_count - 1; i >= 0; i--) {
            if (waits[1 + ports + i].revents == 0) continue;
            if (serve_client(&clients[i], silent_unit) >= 0) continue;
            close(clients[i].socket);
            clients[i] = clients[--clients_count];
        }
        for (int i = 0; i < ports; i++) {
            if (waits[1 + i].revents == 0) continue;
            int came = accept(listeners[i], NULL, NULL);
            if (came < 0) continue;
            if (clients_count == CLIENTS_MAX) {
                close(came);
                continue;
            }
            int on = 1;
            setsockopt(came, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            clients[clients_count].socket = came;
            clients[clients_count++].size = 0;
        }
    }
}
