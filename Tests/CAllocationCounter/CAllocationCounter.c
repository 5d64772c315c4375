#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define HAS_OWN_ALLOCATOR
#endif
#endif

#ifdef HAS_OWN_ALLOCATOR

int allocation_counter_works(void) { return 0; }
void allocation_counter_start(void) {}
uint64_t allocation_counter_stop(void) { return 0; }
uint64_t allocation_counter_bytes(void) { return 0; }

#else

// glibc's own entry points. Whatever a program calls malloc finds the one below first.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static __thread int is_counting;
static __thread uint64_t allocations;
static __thread uint64_t bytes;

int allocation_counter_works(void) { return 1; }

void allocation_counter_start(void) {
    allocations = 0;
    bytes = 0;
    is_counting = 1;
}

uint64_t allocation_counter_stop(void) {
    is_counting = 0;
    return allocations;
}

uint64_t allocation_counter_bytes(void) { return bytes; }

static void count(size_t size) {
    if (is_counting) {
        allocations += 1;
        bytes += size;
    }
}

void *malloc(size_t size) {
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count(size);
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    count(size);
    void *found = __libc_memalign(alignment, size);
    if (found == NULL) {
        return ENOMEM;
    }
    *block = found;
    return 0;
}

#endif
