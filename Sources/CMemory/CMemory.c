#define _GNU_SOURCE
#include "CMemory.h"

#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Segments that are never written hold what is in the file, without relocations on the machines we run on. The kernel's own object is
   left alone. */
static int letGo(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size;
    (void)unused;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + segment->p_vaddr, end = begin + segment->p_memsz;
        uintptr_t kernels = getauxval(AT_SYSINFO_EHDR);
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W || (kernels >= begin && kernels < end)) continue;
        begin &= ~(page - 1);
        /* What cannot be let go stays. */
        (void)madvise((void *)begin, (end - begin + page - 1) & ~(page - 1), MADV_DONTNEED);
    }
    return 0;
}

void plumbline_give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    dl_iterate_phdr(letGo, NULL);
}
