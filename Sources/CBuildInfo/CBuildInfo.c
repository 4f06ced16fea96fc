#include "CBuildInfo.h"

#ifndef PLUMBLINE_COMMIT
#define PLUMBLINE_COMMIT "unknown"
#endif

const char *plumbline_version(void) { return "0.2.0"; }
const char *plumbline_commit(void) { return PLUMBLINE_COMMIT; }
