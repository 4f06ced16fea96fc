/* Answers: libmodbus makes the bytes, `spoil` changes them, `writeDue` writes them when their time has come. */
#include "fieldserver.h"
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const kindNames[KINDS] = {"none", "exception", "drop", "tid", "uid", "function", "late", "drip",
                                      "short", "long", "split", "garbage", "close", "half", "length", "crc"};

/* Bytes to be written at a time; `answers` is the unit whose proper answer ends here, `isLate` one that came too late on purpose,
 * `askedUs` when the request was read, `isOverdue` whether it may have waited long for that. */
struct chunk { long connection; long long dueUs, askedUs; int size, answers, isLate, isOverdue, ends; unsigned char bytes[FRAME]; };

static struct chunk chunks[CHUNKS];
static int chunkCount;
static modbus_t *maker;
static int makerIn, makerOut;

void makeAnswers(void) {
    maker = isRTU ? modbus_new_rtu("/dev/null", 115200, 'N', 8, 1) : modbus_new_tcp_pi("127.0.0.1", "502");
    int pair[2];
    if (!maker || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) die("libmodbus");
    makerIn = pair[0];
    makerOut = pair[1];
    fcntl(makerOut, F_SETFL, O_NONBLOCK);
    modbus_set_socket(maker, makerIn);
    /* Before some refusals libmodbus waits this long. */
    modbus_set_response_timeout(maker, 0, 1000);
}

unsigned short crc16(const unsigned char *bytes, int size) {
    unsigned short crc = 0xFFFF;
    for (int i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

void later(struct connection *c, long long dueUs, const unsigned char *bytes, int size, int answers, int isLate, int ends) {
    if (chunkCount == CHUNKS) return;
    struct chunk *chunk = &chunks[chunkCount++];
    *chunk = (struct chunk){.connection = c->id, .dueUs = dueUs, .askedUs = nowUs(CLOCK_MONOTONIC), .isOverdue = isOverdue(), .size = size, .answers = answers, .isLate = isLate, .ends = ends};
    memcpy(chunk->bytes, bytes, size);
}

void forget(long connection) {
    int kept = 0;
    for (int i = 0; i < chunkCount; i++)
        if (chunks[i].connection != connection) chunks[kept++] = chunks[i];
    chunkCount = kept;
}

long long nextDueUs(long long atMost) {
    for (int i = 0; i < chunkCount; i++)
        if (chunks[i].dueUs < atMost) atMost = chunks[i].dueUs;
    return atMost;
}

void writeDue(void) {
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

void serve(struct connection *c, unsigned char *request, int size) {
    int head = isRTU ? 0 : 6;
    int id = request[head], function = request[head + 1];
    int address = request[head + 2] << 8 | request[head + 3], count = request[head + 4] << 8 | request[head + 5];
    long long now = nowUs(CLOCK_MONOTONIC);
    if (id >= UNITS || !units[id].present) return;
    struct unit *unit = &units[id];
    note(unit, function, address, count);
    for (int i = 0; i < chunkCount; i++)
        if (chunks[i].connection == c->id && !chunks[i].isLate) {
            /* Without a processor for itself this server reads requests long after they came: nothing can be told of them. */
            if (chunks[i].isOverdue || isOverdue()) untold++;
            else if (!pipelined++) pipelinedUs = now - chunks[i].askedUs;
            break;
        }
    if (lastAnswerUs) {
        long long gap = now - lastAnswerUs;
        if (gapUsMin < 0 || gap < gapUsMin) gapUsMin = gap;
        if (gap < gapMs * 1000LL) gapViolations++;
    }
    if (policy == MUTE || policy >= BABBLE) return;
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
