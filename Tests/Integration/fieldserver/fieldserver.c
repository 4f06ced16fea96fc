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
 *   line open | refuse | mute | one                 mute: connections are taken and never answered
 *   cut | stats | reset
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { UNITS = 64, CONNECTIONS = 32, CHUNKS = 4096, FRAME = 320, ASKED = 128, HOLES = 16, OWN_REGISTERS = 2048 };

enum kind { NONE, EXCEPTION, DROP, TID, UID, FUNCTION, LATE, DRIP, SHORT, LONG, SPLIT, GARBAGE, CLOSE, HALF, LENGTH, CRC, KINDS };
static const char *kindNames[KINDS] = {"none", "exception", "drop", "tid", "uid", "function", "late", "drip",
                                       "short", "long", "split", "garbage", "close", "half", "length", "crc"};

struct fault { enum kind kind; int arg, left, chance; };
struct asked { int function, address, count; long times; };
struct unit {
    int present, max, holeCount, holes[HOLES][2];
    struct fault fault;
    long requests, delivered, refused, faults[KINDS], functions[128], overHole, overMax;
    int askedCount;
    struct asked asked[ASKED];
    modbus_mapping_t *map;
};
struct connection { int fd; long id; unsigned char in[FRAME]; int have; long long lastByteUs; };
/* Bytes to be written at a time; `answers` is the unit whose proper answer ends here, `isLate` one that came too late on purpose. */
struct chunk { long connection; long long dueUs; int size, answers, isLate, ends; unsigned char bytes[FRAME]; };

static struct unit units[UNITS];
static struct connection connections[CONNECTIONS];
static struct chunk chunks[CHUNKS];
static int chunkCount;
static int isRTU, isSerial, listening = -1;
static char host[128], service[16], path[256];
static enum { OPEN, REFUSE, MUTE, ONE } policy = OPEN;
static int delayMs, gapMs, randomPercent, randomCount;
static enum kind randomKinds[KINDS];
static unsigned long long seed = 1;
static long nextConnection = 1, accepted, turnedAway, pipelined, gapViolations, strayBytes;
static long long lastAnswerUs, gapUsMin = -1;
static int openMax;
static modbus_t *maker;
static int makerIn, makerOut;

static void die(const char *what) {
    fprintf(stderr, "fieldserver: %s: %s\n", what, strerror(errno));
    exit(2);
}

static long long nowUs(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static unsigned chance(unsigned bound) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 16) % bound);
}

static unsigned short crc16(const unsigned char *bytes, int size) {
    unsigned short crc = 0xFFFF;
    for (int i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

/* ---- connections ---- */

static struct connection *find(long id) {
    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd >= 0 && connections[i].id == id) return &connections[i];
    return NULL;
}

static int openCount(void) {
    int count = 0;
    for (int i = 0; i < CONNECTIONS; i++) count += connections[i].fd >= 0;
    return count;
}

static void end(struct connection *c) {
    int kept = 0;
    for (int i = 0; i < chunkCount; i++)
        if (chunks[i].connection != c->id) chunks[kept++] = chunks[i];
    chunkCount = kept;
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

static void listenAgain(void) {
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
static int hasGone(struct connection *c) {
    char byte;
    return !isSerial && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* ---- answers ---- */

static void later(struct connection *c, long long dueUs, const unsigned char *bytes, int size, int answers, int isLate, int ends) {
    if (chunkCount == CHUNKS) return;
    struct chunk *chunk = &chunks[chunkCount++];
    *chunk = (struct chunk){.connection = c->id, .dueUs = dueUs, .size = size, .answers = answers, .isLate = isLate, .ends = ends};
    memcpy(chunk->bytes, bytes, size);
}

static void writeDue(void) {
    long long now = nowUs(CLOCK_MONOTONIC);
    for (int i = 0; i < chunkCount;) {
        if (chunks[i].dueUs > now) {
            i++;
            continue;
        }
        struct chunk chunk = chunks[i];
        memmove(&chunks[i], &chunks[i + 1], (--chunkCount - i) * sizeof chunk);
        struct connection *c = find(chunk.connection);
        if (!c) continue;
        int gone = hasGone(c);
        int sent = chunk.size == 0 || (isSerial ? write(c->fd, chunk.bytes, chunk.size) : send(c->fd, chunk.bytes, chunk.size, MSG_NOSIGNAL)) == chunk.size;
        lastAnswerUs = nowUs(CLOCK_MONOTONIC);
        if (sent && !gone && chunk.answers) units[chunk.answers].delivered++;
        if (chunk.ends || !sent) {
            end(c);
            i = 0;
        }
    }
}

static void fillOwn(struct unit *unit, int id, int address, int count) {
    unsigned tick = (unsigned)(nowUs(CLOCK_REALTIME) / 100000) & 0xFFFF;
    for (int a = address; a < address + count && a < OWN_REGISTERS; a++) {
        unsigned value = (unsigned)(id & 63) << 26 | (unsigned)(a / 2) << 16 | tick;
        unit->map->tab_registers[a] = unit->map->tab_input_registers[a] = a % 2 ? value & 0xFFFF : value >> 16;
        unit->map->tab_bits[a] = unit->map->tab_input_bits[a] = (id + a) & 1;
    }
}

/* The bytes libmodbus answers with. */
static int proper(struct unit *unit, int id, const unsigned char *request, int size, int code, unsigned char *answer) {
    modbus_set_slave(maker, id);
    if (code) modbus_reply_exception(maker, request, code);
    else modbus_reply(maker, request, size, unit->map);
    int got = (int)read(makerOut, answer, FRAME);
    return got < 0 ? 0 : got;
}

static void finish(unsigned char *frame, int size) {
    if (isRTU) {
        unsigned short crc = crc16(frame, size - 2);
        frame[size - 2] = crc & 0xFF;
        frame[size - 1] = crc >> 8;
    } else {
        frame[4] = (size - 6) >> 8;
        frame[5] = (size - 6) & 0xFF;
    }
}

/* Two bytes fewer or more than were asked for, in a frame that agrees with itself. */
static int resize(unsigned char *frame, int size, int change) {
    int pdu = isRTU ? 1 : 7, tail = isRTU ? 2 : 0;
    if (frame[pdu] >= 1 && frame[pdu] <= 4) frame[pdu + 1] += change;
    memset(frame + size - tail, 0x5A, 2);
    size += change;
    finish(frame, size);
    return size;
}

static void spoil(struct connection *c, int id, struct fault fault, unsigned char *frame, int size, long long dueUs) {
    int head = isRTU ? 0 : 6;
    switch (fault.kind) {
    case DROP: return;
    case LATE: later(c, dueUs + fault.arg * 1000LL, frame, size, 0, 1, 0); return;
    case DRIP:
        for (int i = 0; i < size; i++) later(c, dueUs + i * (long long)fault.arg * 1000, frame + i, 1, i + 1 == size ? id : 0, 0, 0);
        return;
    case SPLIT:
        later(c, dueUs, frame, size / 2, 0, 0, 0);
        later(c, dueUs + (fault.arg ? fault.arg : 20) * 1000LL, frame + size / 2, size - size / 2, id, 0, 0);
        return;
    case CLOSE: later(c, dueUs, frame, 0, 0, 0, 1); return;
    case HALF: later(c, dueUs, frame, size / 2, 0, 0, 1); return;
    case TID:
        if (!isRTU) {
            frame[1] ^= 0x15;
            break;
        }
        /* The serial form has none. */
        frame[head] = (frame[head] + 1) & 63;
        break;
    case UID: frame[head] = (frame[head] + 1) & 63; break;
    case FUNCTION: frame[head + 1] = frame[head + 1] == 3 ? 4 : 3; break;
    case SHORT: size = resize(frame, size, -2); break;
    case LONG: size = resize(frame, size, 2); break;
    case GARBAGE:
        size = 5 + chance(40);
        for (int i = 0; i < size; i++) frame[i] = chance(256);
        break;
    case LENGTH:
    case CRC:
        /* The frame's length on TCP, its check on a serial line; over TCP no check, over a serial line no length. */
        frame[isRTU ? size - 1 : 5] += 9;
        later(c, dueUs, frame, size, 0, 0, 0);
        return;
    default: later(c, dueUs, frame, size, id, 0, 0); return;
    }
    if (isRTU) finish(frame, size);
    later(c, dueUs, frame, size, 0, 0, 0);
}

static struct fault chosen(struct unit *unit) {
    struct fault fault = unit->fault;
    if (fault.kind != NONE && fault.left != 0 && (int)chance(100) < fault.chance) {
        if (unit->fault.left > 0) unit->fault.left--;
        return fault;
    }
    if (randomCount == 0 || (int)chance(100) >= randomPercent) return (struct fault){.kind = NONE};
    static const int codes[] = {4, 5, 6, 10, 11};
    fault = (struct fault){.kind = randomKinds[chance(randomCount)]};
    if (fault.kind == EXCEPTION) fault.arg = codes[chance(5)];
    if (fault.kind == LATE) fault.arg = 1100 + chance(900);
    if (fault.kind == DRIP) fault.arg = 1 + chance(3);
    return fault;
}

static void note(struct unit *unit, int function, int address, int count) {
    unit->requests++;
    unit->functions[function & 127]++;
    for (int i = 0; i < unit->askedCount; i++) {
        struct asked *a = &unit->asked[i];
        if (a->function == function && a->address == address && a->count == count) {
            a->times++;
            return;
        }
    }
    if (unit->askedCount < ASKED) unit->asked[unit->askedCount++] = (struct asked){function, address, count, 1};
}

static void serve(struct connection *c, unsigned char *request, int size) {
    int head = isRTU ? 0 : 6;
    int id = request[head], function = request[head + 1];
    int address = request[head + 2] << 8 | request[head + 3], count = request[head + 4] << 8 | request[head + 5];
    long long now = nowUs(CLOCK_MONOTONIC);
    if (id >= UNITS || !units[id].present) return;
    struct unit *unit = &units[id];
    note(unit, function, address, count);
    for (int i = 0; i < chunkCount; i++)
        if (chunks[i].connection == c->id && !chunks[i].isLate) {
            pipelined++;
            break;
        }
    if (lastAnswerUs) {
        long long gap = now - lastAnswerUs;
        if (gapUsMin < 0 || gap < gapUsMin) gapUsMin = gap;
        if (gap < gapMs * 1000LL) gapViolations++;
    }
    if (policy == MUTE) return;
    int code = 0;
    if (function <= 4 || function >= 15) {
        for (int i = 0; i < unit->holeCount; i++)
            if (address <= unit->holes[i][1] && address + count - 1 >= unit->holes[i][0]) code = MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
        if (code) unit->overHole++;
        if (unit->max && count > unit->max) {
            code = MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
            unit->overMax++;
        }
    }
    struct fault fault = chosen(unit);
    unit->faults[fault.kind]++;
    if (fault.kind == EXCEPTION) code = fault.arg;
    if (code) unit->refused++;
    fillOwn(unit, id, address, function <= 4 ? count : 0);
    unsigned char frame[FRAME];
    int got = proper(unit, id, request, size, code, frame);
    if (got <= 0) return;
    long long due = now + delayMs * 1000LL;
    if (code) later(c, due, frame, got, 0, 0, 0);
    else spoil(c, id, fault, frame, got, due);
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
        if (c->fd < 0) return;
    }
}

/* ---- commands ---- */

static void stats(void) {
    printf("{\"accepted\":%ld,\"open\":%d,\"openMax\":%d,\"turnedAway\":%ld,\"pipelined\":%ld,\"gapViolations\":%ld,\"gapUsMin\":%lld,\"strayBytes\":%ld,\"units\":{",
           accepted, openCount(), openMax, turnedAway, pipelined, gapViolations, gapUsMin, strayBytes);
    const char *comma = "";
    for (int id = 0; id < UNITS; id++) {
        struct unit *u = &units[id];
        if (!u->present) continue;
        printf("%s\"%d\":{\"requests\":%ld,\"delivered\":%ld,\"refused\":%ld,\"overHole\":%ld,\"overMax\":%ld,\"faults\":{", comma, id, u->requests, u->delivered,
               u->refused, u->overHole, u->overMax);
        comma = "";
        for (int k = 1; k < KINDS; k++)
            if (u->faults[k]) {
                printf("%s\"%s\":%ld", comma, kindNames[k], u->faults[k]);
                comma = ",";
            }
        printf("},\"functions\":{");
        comma = "";
        for (int f = 0; f < 128; f++)
            if (u->functions[f]) {
                printf("%s\"%d\":%ld", comma, f, u->functions[f]);
                comma = ",";
            }
        printf("},\"asked\":[");
        for (int i = 0; i < u->askedCount; i++)
            printf("%s[%d,%d,%d,%ld]", i ? "," : "", u->asked[i].function, u->asked[i].address, u->asked[i].count, u->asked[i].times);
        printf("]}");
        comma = ",";
    }
    printf("}}\n");
}

static void reset(void) {
    for (int id = 0; id < UNITS; id++) {
        struct unit *u = &units[id];
        u->requests = u->delivered = u->refused = u->overHole = u->overMax = 0;
        u->askedCount = 0;
        memset(u->faults, 0, sizeof u->faults);
        memset(u->functions, 0, sizeof u->functions);
    }
    accepted = turnedAway = pipelined = gapViolations = strayBytes = 0;
    lastAnswerUs = 0;
    gapUsMin = -1;
    openMax = openCount();
}

static enum kind kindNamed(const char *name) {
    for (int k = 0; name && k < KINDS; k++)
        if (strcmp(name, kindNames[k]) == 0) return k;
    return KINDS;
}

static void cutAll(void) {
    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd >= 0) end(&connections[i]);
}

static int setPolicy(const char *name) {
    static const char *names[] = {"open", "refuse", "mute", "one"};
    for (int i = 0; i < 4; i++) {
        if (!name || strcmp(name, names[i]) != 0) continue;
        policy = i;
        if (isSerial) return 1;
        if (policy == REFUSE && listening >= 0) {
            close(listening);
            listening = -1;
            cutAll();
        } else if (policy != REFUSE && listening < 0) listenAgain();
        return 1;
    }
    return 0;
}

static int setFault(char *unitName, char *kindName) {
    struct fault fault = {.kind = kindNamed(kindName), .left = -1, .chance = 100};
    if (!unitName || fault.kind == KINDS) return 0;
    for (char *word; (word = strtok(NULL, " \n"));) {
        if (strcmp(word, "count") == 0 && (word = strtok(NULL, " \n"))) fault.left = atoi(word);
        else if (word && strcmp(word, "chance") == 0 && (word = strtok(NULL, " \n"))) fault.chance = atoi(word);
        else if (word) fault.arg = atoi(word);
    }
    int only = atoi(unitName);
    for (int id = 0; id < UNITS; id++)
        if (only == 0 || only == id) units[id].fault = fault;
    return 1;
}

static int number(void) {
    char *word = strtok(NULL, " \n");
    return word ? atoi(word) : 0;
}

static int obey(char *line) {
    char *verb = strtok(line, " \n");
    if (!verb) return 0;
    if (strcmp(verb, "stats") == 0) {
        stats();
        return 2;
    }
    if (strcmp(verb, "reset") == 0) return reset(), 1;
    if (strcmp(verb, "cut") == 0) return cutAll(), 1;
    if (strcmp(verb, "line") == 0) return setPolicy(strtok(NULL, " \n"));
    if (strcmp(verb, "delay") == 0) return delayMs = number(), 1;
    if (strcmp(verb, "gap") == 0) return gapMs = number(), 1;
    if (strcmp(verb, "fault") == 0) {
        char *unit = strtok(NULL, " \n");
        return setFault(unit, strtok(NULL, " \n"));
    }
    if (strcmp(verb, "random") == 0) {
        randomPercent = number();
        randomCount = 0;
        for (char *word; (word = strtok(NULL, " \n")) && randomCount < KINDS;) {
            if (kindNamed(word) == KINDS) return 0;
            randomKinds[randomCount++] = kindNamed(word);
        }
        return 1;
    }
    if (strcmp(verb, "noise") == 0) {
        unsigned char bytes[256];
        int size = number();
        for (int i = 0; i < size && i < 256; i++) bytes[i] = chance(256);
        for (int i = 0; i < CONNECTIONS; i++)
            if (connections[i].fd >= 0 && size > 0 && size <= 256) later(&connections[i], 0, bytes, size, 0, 1, 0);
        return 1;
    }
    int id = number(), first = number(), second = number();
    if (id <= 0 || id >= UNITS || !units[id].present) return 0;
    if (strcmp(verb, "max") == 0) return units[id].max = first, 1;
    if (strcmp(verb, "hole") == 0 && units[id].holeCount < HOLES) {
        int *hole = units[id].holes[units[id].holeCount++];
        hole[0] = first;
        hole[1] = second;
        return 1;
    }
    if (strcmp(verb, "set") == 0 && first >= 0 && first < 65536) return units[id].map->tab_registers[first] = second, 1;
    return 0;
}

static char input[4096];
static int inputSize;

static void readCommands(void) {
    int got = (int)read(0, input + inputSize, sizeof input - 1 - inputSize);
    if (got <= 0) exit(0);
    inputSize += got;
    input[inputSize] = 0;
    for (char *newline; (newline = memchr(input, '\n', inputSize));) {
        *newline = 0;
        int length = (int)(newline - input) + 1;
        int done = obey(input);
        if (done < 2) puts(done ? "ok" : "not understood");
        fflush(stdout);
        inputSize -= length;
        memmove(input, input + length, inputSize + 1);
    }
}

/* ---- the loop ---- */

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
    maker = isRTU ? modbus_new_rtu("/dev/null", 115200, 'N', 8, 1) : modbus_new_tcp_pi("127.0.0.1", "502");
    int pair[2];
    if (!maker || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) die("libmodbus");
    makerIn = pair[0];
    makerOut = pair[1];
    fcntl(makerOut, F_SETFL, O_NONBLOCK);
    modbus_set_socket(maker, makerIn);
    /* Before some refusals libmodbus waits this long. */
    modbus_set_response_timeout(maker, 0, 1000);
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

int main(int argc, char **argv) {
    setUp(argc, argv);
    for (;;) {
        struct pollfd watched[CONNECTIONS + 2] = {{.fd = 0, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
        long ids[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++) {
            watched[2 + i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
            ids[i] = connections[i].id;
        }
        long long now = nowUs(CLOCK_MONOTONIC), next = now + 100000;
        for (int i = 0; i < chunkCount; i++)
            if (chunks[i].dueUs < next) next = chunks[i].dueUs;
        int waitMs = next <= now ? 0 : (int)((next - now + 999) / 1000);
        poll(watched, CONNECTIONS + 2, waitMs);
        for (int i = 0; i < CONNECTIONS; i++)
            if (connections[i].fd >= 0 && connections[i].id == ids[i] && watched[2 + i].revents) readFrom(&connections[i]);
        if (listening >= 0 && watched[1].fd == listening && watched[1].revents) acceptOne();
        writeDue();
        if (watched[0].revents) readCommands();
        if (isSerial && openCount() == 0) openSerial();
    }
}
