#ifndef PLUMBLINE_MEMORY_H
#define PLUMBLINE_MEMORY_H

/// Gives memory that was freed back to the system, where the C library can, and lets go of the program's and its libraries' pages:
/// those that are still needed come back from the page cache, those that only the start needed do not. Costs a millisecond or so.
void plumbline_give_back_memory(void);

#endif
