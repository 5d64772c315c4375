#define _GNU_SOURCE
#include "CCoherence.h"

#include <dlfcn.h>

const char *coherence_file(uint64_t address, uint64_t *start) {
    Dl_info place;
    if (dladdr((const void *)(uintptr_t)address, &place) == 0) return 0;
    *start = (uint64_t)(uintptr_t)place.dli_fbase;
    return place.dli_fname;
}
