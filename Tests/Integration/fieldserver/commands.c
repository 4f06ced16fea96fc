/* Commands on standard input, one a line, each answered by one line. */
#include "fieldserver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void stats(void) {
    printf("{\"accepted\":%ld,\"open\":%d,\"openMax\":%d,\"turnedAway\":%ld,\"pipelined\":%ld,\"pipelinedUs\":%lld,\"untold\":%ld,\"gapViolations\":%ld,\"gapUsMin\":%lld,\"strayBytes\":%ld,\"units\":{",
           accepted, openCount(), openMax, turnedAway, pipelined, pipelinedUs, untold, gapViolations, gapUsMin, strayBytes);
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
    accepted = turnedAway = pipelined = untold = gapViolations = strayBytes = 0;
    lastAnswerUs = pipelinedUs = 0;
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
    static const char *names[POLICIES] = {"open", "refuse", "mute", "one", "babble", "chatter"};
    for (int i = 0; i < POLICIES; i++) {
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

void readCommands(void) {
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
