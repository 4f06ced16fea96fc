/* What the three parts of the field server share: the units, the connections, the bytes that wait, and what is counted. */
#ifndef FIELDSERVER_H
#define FIELDSERVER_H
#define _GNU_SOURCE
#include <modbus.h>
#include <time.h>

enum { UNITS = 64, CONNECTIONS = 32, CHUNKS = 4096, FRAME = 320, ASKED = 128, HOLES = 16, OWN_REGISTERS = 2048 };

enum kind { NONE, EXCEPTION, DROP, TID, UID, FUNCTION, LATE, DRIP, SHORT, LONG, SPLIT, GARBAGE, CLOSE, HALF, LENGTH, CRC, KINDS };
extern const char *const kindNames[KINDS];

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

enum policy { OPEN, REFUSE, MUTE, ONE, BABBLE, CHATTER, POLICIES };

extern struct unit units[UNITS];
extern struct connection connections[CONNECTIONS];
extern int isRTU, isSerial, listening, openMax;
extern char host[128], service[16], path[256];
extern enum policy policy;
extern int delayMs, gapMs, randomPercent, randomCount;
extern enum kind randomKinds[KINDS];
extern unsigned long long seed;
extern long accepted, turnedAway, pipelined, untold, gapViolations, strayBytes;
/* `pipelinedUs`: how long the first request had been under way that another came beside. */
extern long long lastAnswerUs, gapUsMin, pipelinedUs;

/* fieldserver.c: the line. */
void die(const char *what);
long long nowUs(clockid_t clock);
unsigned chance(unsigned bound);
struct connection *find(long id);
int openCount(void);
void end(struct connection *c);
void listenAgain(void);
int hasGone(struct connection *c);
int isOverdue(void);

/* answers.c */
void makeAnswers(void);
unsigned short crc16(const unsigned char *bytes, int size);
void later(struct connection *c, long long dueUs, const unsigned char *bytes, int size, int answers, int isLate, int ends);
void forget(long connection);
void writeDue(void);
long long nextDueUs(long long atMost);
void serve(struct connection *c, unsigned char *request, int size);

/* commands.c */
void readCommands(void);

#endif
