#include "Publication.h"

#include "Waiting.h"

#include <sys/mman.h>

// Of all slots, as many as the engine can register threads.
#define SIZE (4096 * sizeof(struct floor_slot))

struct floor_publication floor_publication_create(void) {
    // Fresh pages of the kernel's: zero, and not there until somebody writes to them.
    void *slots = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED) {
        abort();
    }
    return (struct floor_publication){slots, cplatform_membarrier_register() == 0};
}

void floor_publication_destroy(struct floor_publication publication) {
    munmap(publication.slots, SIZE);
}

void floor_light_fence_slow(void) { atomic_thread_fence(memory_order_seq_cst); }

void floor_heavy_fence(struct floor_publication publication) {
    if (!publication.has_membarrier) {
        atomic_thread_fence(memory_order_seq_cst);
    } else if (cplatform_membarrier() != 0) {
        __builtin_trap();
    }
}

void floor_wait_until_unpublished(
    struct floor_publication publication, int64_t start_page, int64_t end_page, int64_t threads) {
    for (int64_t index = 0; index < threads; index++) {
        unsigned spins = 0;
        for (;;) {
            // Acquiring: the install before the clearing is visible to the teardown; pairs with floor_unpublish.
            const uint64_t page = atomic_load_explicit(&publication.slots[index].page, memory_order_acquire);
            if (page == 0 || (int64_t)page - 1 < start_page || (int64_t)page - 1 >= end_page) {
                break;
            }
            floor_pause(&spins);
        }
    }
}
