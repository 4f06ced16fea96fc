#ifndef PLUMBLINE_MEMORY_H
#define PLUMBLINE_MEMORY_H

/// Gives memory that was freed back to the system, where the C library can; costs a millisecond or so.
void plumbline_trim_memory(void);

#endif
