/* A Modbus line with many units that misbehaves on order: libmodbus makes every proper answer, raw writes spoil it.
 *
 *   fieldserver LINE UNITS SEED       LINE = tcp:HOST:PORT | rtutcp:HOST:PORT | rtu:PATH     UNITS = 1-10
 *
 * Registers 0 to 2047 of both tables tell their own truth: the 32 bits at an even address are
 * unit (6 bits), address / 2 (10 bits), tenths of a second since 1970 (16 bits). Bits 0 to 2047 are (unit + address) % 2.
 * From 2048 on they are memory. Commands come on standard input, one a line, each answered by one line on standard
 * output; the end of input ends the server. Numbers are decimal. U is a unit id, 0 for all.
 *
 *   fault U KIND [ARG] [count N] [chance PERCENT]   the next N answers, or all; KIND none ends it
 *   random PERCENT KIND...                          so many of all answers get one of the kinds, by chance
 *   hole U FROM TO | max U N | delay MS | gap MS | noise N | set U ADDRESS WORD
 *   line open | refuse | mute | one | babble | chatter
 *         mute: connections are taken and never answered; babble: and sent noise for ever, as fast as they take it;
 *         chatter: whole frames that nobody asked for instead of noise
 *   cut | stats | reset
 */
#define _GNU_SOURCE
#include "fieldserver.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

struct unit units[UNITS];
struct connection connections[CONNECTIONS];
int isRTU, isSerial, listening = -1, openMax;
char host[128], service[16], path[256];
enum policy policy = OPEN;
int delayMs, gapMs, randomPercent, randomCount;
enum kind randomKinds[KINDS];
unsigned long long seed = 1;
long accepted, turnedAway, pipelined, untold, gapViolations, strayBytes;
long long lastAnswerUs, gapUsMin = -1, pipelinedUs;
static long nextConnection = 1;
/* When the sockets were looked at the last time but one: what is read now came after that. */
static long long lookedUs;
enum { LOOK_US = 5000, OVERDUE_US = 25000 };

void die(const char *what) {
    fprintf(stderr, "fieldserver: %s: %s\n", what, strerror(errno));
    exit(2);
}

long long nowUs(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

unsigned chance(unsigned bound) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 16) % bound);
}

int isOverdue(void) { return nowUs(CLOCK_MONOTONIC) - lookedUs > OVERDUE_US; }

/* ---- connections ---- */

struct connection *find(long id) {
    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd >= 0 && connections[i].id == id) return &connections[i];
    return NULL;
}

int openCount(void) {
    int count = 0;
    for (int i = 0; i < CONNECTIONS; i++) count += connections[i].fd >= 0;
    return count;
}

void end(struct connection *c) {
    forget(c->id);
    close(c->fd);
    c->fd = -1;
}

static void take(int fd) {
    for (int i = 0; i < CONNECTIONS; i++) {
        if (connections[i].fd >= 0) continue;
        connections[i] = (struct connection){.fd = fd, .id = nextConnection++};
        accepted++;
        if (openCount() > openMax) openMax = openCount();
        return;
    }
    close(fd);
}

void listenAgain(void) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    if (getaddrinfo(host, service, &hints, &list) != 0) die("address");
    listening = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, list->ai_addr, list->ai_addrlen) != 0 || listen(listening, 16) != 0) die("listen");
    freeaddrinfo(list);
}

static void openSerial(void) {
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return;
    struct termios raw;
    if (tcgetattr(fd, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    take(fd);
}

/* Whether the other side has gone; what it would never read does not count as delivered. */
int hasGone(struct connection *c) {
    char byte;
    return !isSerial && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The size of the request that begins the buffer; 0 while it is not whole, -1 when none can begin here. */
static int requestSize(struct connection *c) {
    if (!isRTU) {
        if (c->have < 8) return 0;
        int size = 6 + (c->in[4] << 8 | c->in[5]);
        return size > 260 || size < 8 ? -1 : c->have >= size ? size : 0;
    }
    if (c->have < 8) return 0;
    int size = c->in[1] == 15 || c->in[1] == 16 ? 9 + c->in[6] : 8;
    if (c->have < size) return size > 256 ? -1 : 0;
    unsigned short crc = crc16(c->in, size - 2);
    return c->in[size - 2] == (crc & 0xFF) && c->in[size - 1] == crc >> 8 ? size : -1;
}

static void readFrom(struct connection *c) {
    int got = (int)read(c->fd, c->in + c->have, FRAME - c->have);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        end(c);
        return;
    }
    long long now = nowUs(CLOCK_MONOTONIC);
    if (isRTU && c->have && now - c->lastByteUs > 200000) {
        strayBytes += c->have;
        memmove(c->in, c->in + c->have, got);
        c->have = 0;
    }
    c->lastByteUs = now;
    c->have += got;
    for (int size; (size = requestSize(c)) != 0;) {
        int used = size < 0 ? (isRTU ? 1 : c->have) : size;
        if (size < 0) strayBytes += used;
        unsigned char request[FRAME];
        memcpy(request, c->in, used);
        c->have -= used;
        memmove(c->in, c->in + used, c->have);
        if (size > 0) serve(c, request, size);
        /* What is due goes out first: a client that asked again after its time-out does not have two on the way. */
        writeDue();
        if (c->fd < 0) return;
    }
}

static void setUp(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "fieldserver: usage: fieldserver LINE UNITS SEED\n");
        exit(64);
    }
    char *colon = strchr(argv[1], ':');
    if (!colon) exit(64);
    isSerial = strncmp(argv[1], "rtu:", 4) == 0;
    isRTU = strncmp(argv[1], "rtu", 3) == 0;
    char *last = strrchr(argv[1], ':');
    if (isSerial) snprintf(path, sizeof path, "%s", colon + 1);
    else {
        snprintf(host, sizeof host, "%.*s", (int)(last - colon - 1), colon + 1);
        snprintf(service, sizeof service, "%s", last + 1);
    }
    int from = 1, to = 1;
    int found = sscanf(argv[2], "%d-%d", &from, &to);
    if (found == 1) to = from;
    for (int id = from; id <= to && id < UNITS; id++) {
        units[id].present = 1;
        units[id].map = modbus_mapping_new(65536, 65536, 65536, 65536);
        if (!units[id].map) die("memory");
    }
    seed = strtoull(argv[3], NULL, 10) * 2654435761ULL + 88172645463325252ULL;
    for (int i = 0; i < 4; i++) chance(2);
    for (int i = 0; i < CONNECTIONS; i++) connections[i].fd = -1;
    makeAnswers();
    signal(SIGPIPE, SIG_IGN);
    if (isSerial) openSerial();
    else listenAgain();
    puts("ready");
    fflush(stdout);
}

static void acceptOne(void) {
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (policy == ONE) {
        for (int i = 0; i < CONNECTIONS; i++)
            if (connections[i].fd >= 0 && hasGone(&connections[i])) end(&connections[i]);
        if (openCount() > 0) {
            turnedAway++;
            close(fd);
            return;
        }
    }
    take(fd);
}

/* Noise, or whole refusals of another transaction or another unit, to everybody. */
static void babble(void) {
    static unsigned char noise[9 * 7 * 1000];
    unsigned char frame[9] = {0xEE, chance(256), 0, 0, 0, 3, 1, 0x83, 4};
    int size = 9;
    if (isRTU) {
        unsigned char other[7] = {61, 3, 2, chance(256), 1};
        unsigned short crc = crc16(other, 5);
        other[5] = crc & 0xFF;
        other[6] = crc >> 8;
        memcpy(frame, other, size = 7);
    }
    for (unsigned i = 0; i < sizeof noise; i++) noise[i] = policy == CHATTER ? frame[i % size] : i % 97 ? 0 : chance(256);
    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd >= 0) (void)!send(connections[i].fd, noise, sizeof noise, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int main(int argc, char **argv) {
    setUp(argc, argv);
    long long lastLookUs = lookedUs = nowUs(CLOCK_MONOTONIC);
    for (;;) {
        struct pollfd watched[CONNECTIONS + 2] = {{.fd = 0, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
        long ids[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++) {
            watched[2 + i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
            ids[i] = connections[i].id;
        }
        long long now = nowUs(CLOCK_MONOTONIC), next = nextDueUs(now + (policy >= BABBLE ? 2000 : LOOK_US));
        int waitMs = next <= now ? 0 : (int)((next - now + 999) / 1000);
        poll(watched, CONNECTIONS + 2, waitMs);
        lookedUs = lastLookUs;
        lastLookUs = nowUs(CLOCK_MONOTONIC);
        for (int i = 0; i < CONNECTIONS; i++)
            if (connections[i].fd >= 0 && connections[i].id == ids[i] && watched[2 + i].revents) readFrom(&connections[i]);
        if (listening >= 0 && watched[1].fd == listening && watched[1].revents) acceptOne();
        writeDue();
        if (policy >= BABBLE) babble();
        if (watched[0].revents) readCommands();
        if (isSerial && openCount() == 0) openSerial();
    }
}
