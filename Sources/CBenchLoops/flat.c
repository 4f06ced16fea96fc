#include "CBenchLoops.h"

#include <modbus/modbus.h>
#include <stddef.h>
#include <time.h>

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t plumbline_bench_flat_reads(const char *host, int port, int count, int reads) {
    uint16_t words[MODBUS_MAX_READ_REGISTERS];
    if (count < 1 || count > MODBUS_MAX_READ_REGISTERS) return -1;
    modbus_t *context = modbus_new_tcp(host, port);
    if (context == NULL) return -1;
    modbus_set_slave(context, 1);
    int64_t took = -1;
    if (modbus_connect(context) == 0) {
        int64_t start = now_ns();
        took = 0;
        for (int i = 0; i < reads; i++) {
            if (modbus_read_registers(context, 0, count, words) != count) {
                took = -1;
                break;
            }
        }
        if (took == 0) took = now_ns() - start;
    }
    modbus_close(context);
    modbus_free(context);
    return took;
}
