/* NotifierDispatch for C: keeps copies of translations right while memory is unmapped under them.
 *
 * A *space* is what is watched; its pages are numbered by the caller, from 0. A *subscription* is a cache of translations of
 * some of its pages, behind a guard. Whoever changes pages opens a *section* around the change; whoever fills in a
 * translation takes a *ticket* before the look-up, and hands it in with the result:
 *
 *     nd_invalidate_start(space, first, end, ND_EVENT_UNMAP, &section);     each cache's `drop` has run
 *     munmap(...);
 *     nd_invalidate_end(&section);
 *
 *     do {
 *         if ((error = nd_fault_begin(subscription, page, &ticket)) != 0) break;
 *         value = look_up(page);                                            may sleep, may take locks, may be repeated
 *     } while ((error = nd_fault_commit(&ticket, &slot, value)) == EAGAIN);
 *
 * No commit stores a value that was looked up before a change, after the start of that change's section.
 *
 * Every function returns 0, or a positive error number of <errno.h>, and leaves `errno` alone:
 *
 *     EINVAL   an argument is null, out of range, of another size, unknown, or not in the state that the call needs
 *     EDEADLK  the call would wait for itself: it comes from inside a drop, or the guard holds a lock while C code runs
 *     EAGAIN   nothing was done or stored; do it again, from where the function says
 *     EBUSY    sections kept a fault out for its whole time, about a second; or something is in use
 *
 * What is said to be the library's own in a structure must not be read or written, nor moved while it is in use. Any
 * thread may call any function. Documentation/C.md says more: guards, locks, malloc hooks, fork. */
#ifndef NOTIFIERDISPATCH_H
#define NOTIFIERDISPATCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nd_space nd_space;
typedef struct nd_subscription nd_subscription;

/* Page numbers lie below it. */
#define ND_PAGE_LIMIT ((uint64_t)1 << 47)

/* Why pages change; with the names of Linux's enum mmu_notifier_event. */
enum {
    ND_EVENT_UNMAP = 0,           /* the mapping goes away */
    ND_EVENT_CLEAR = 1,           /* the pages change, the mapping stays */
    ND_EVENT_PROTECTION_VMA = 2,  /* the protection of a whole mapping changes */
    ND_EVENT_PROTECTION_PAGE = 3, /* the protection of single pages changes */
    ND_EVENT_SOFT_DIRTY = 4       /* soft-dirty bits are cleared */
};

/* Drop every translation of the pages start_page ..< end_page, which lie in the subscription's range. Called by a start, on
 * its thread; by nd_subscribe if sections are open; by nd_unsubscribe; and in a forked child. It is short: it must not
 * sleep, allocate, free, or call a function of this library (which answers EDEADLK). Drops of different pages may run at
 * once. */
typedef void (*nd_drop_function)(void *context, uint64_t start_page, uint64_t end_page);

/* What nd_subscribe is told. */
struct nd_subscribe_options {
    uint32_t size;       /* sizeof(struct nd_subscribe_options) */
    uint32_t flags;      /* 0 */
    const char *guard;   /* its name, such as "adaptive" */
    uint64_t start_page; /* the first page of the range */
    uint64_t end_page;   /* one past the last, at most ND_PAGE_LIMIT */
    nd_drop_function drop;
    void *context; /* handed to drop */
};

/* An open section; valid from a start that returned 0 to its end. */
struct nd_section {
    uint32_t size; /* sizeof(struct nd_section), set by the caller */
    uint32_t state;
    uint64_t own[6];
};

/* A fault, from its first begin to the commit or abort that ends it. Set by nd_ticket_init, once; it may be used again. */
struct nd_ticket {
    uint32_t size;
    uint32_t state;
    uint64_t own[20];
};

/* Makes a ticket ready. The library's own words need no value. */
static inline void nd_ticket_init(struct nd_ticket *ticket) {
    ticket->size = (uint32_t)sizeof(*ticket);
    ticket->state = 0;
}

/* Makes a section ready. */
static inline void nd_section_init(struct nd_section *section) {
    section->size = (uint32_t)sizeof(*section);
    section->state = 0;
}

/* --- Spaces and threads --- */

/* Makes a space without subscriptions. Registers the calling thread. Allocates. */
int nd_space_create(nd_space **space);

/* Ends a space. EBUSY if it has subscriptions that were not freed, or open sections. */
int nd_space_destroy(nd_space *space);

/* Registers the calling thread, until it ends. Every other function does so on a thread's first call, and this first call
 * allocates: a thread that calls from inside malloc calls this before. EAGAIN if 4,096 threads are registered. */
int nd_thread_register(void);

/* --- Subscriptions --- */

/* Subscribes a cache. Faults that begin after the return are protected. Allocates. The first one of a process may take some
 * milliseconds and two threads, to try restartable sequences.
 *
 * EINVAL   no such guard, or an empty range; "unprotected", which is no guard for use
 * EDEADLK  the guard holds a lock over look-ups or sections ("mutex", "rwlock", "stripe-mutex" and the like)
 * ENOTSUP  "restartable" without restartable sequences
 * ERANGE   the guard keeps words for the pages from 0 on, and end_page is above 2^30 */
int nd_subscribe(nd_space *space, const struct nd_subscribe_options *options, nd_subscription **subscription);

/* Ends a subscription: after the return no drop runs or will run, the cache is empty, and faults answer ESHUTDOWN. Waits
 * for drops that run. With an interval guard it waits for open sections: do not call it inside one. EINVAL if it was ended. */
int nd_unsubscribe(nd_subscription *subscription);

/* Frees an ended subscription, which no thread uses any more. EBUSY if it was not ended. */
int nd_subscription_free(nd_subscription *subscription);

/* --- Sections. They allocate nothing --- */

/* Opens a section over start_page ..< end_page. When it returns 0, every cache has dropped these pages, and no commit fills
 * one in until the end, which must follow. It gives way to faults that were disturbed for long, for a millisecond at most.
 * EAGAIN if about 12,000 sections of the space are open. Any thread may end it. */
int nd_invalidate_start(nd_space *space, uint64_t start_page, uint64_t end_page, int event, struct nd_section *section);

/* The same, without giving way to faults; it still waits for installs and drops that run. EAGAIN: no section is open. */
int nd_invalidate_try_start(
    nd_space *space, uint64_t start_page, uint64_t end_page, int event, struct nd_section *section);

/* Closes a section, after the change. EINVAL if it is not open. */
int nd_invalidate_end(struct nd_section *section);

/* --- Faults. They allocate nothing. All steps of one fault are on one thread --- */

/* Begins a fault, or its next attempt after a commit answered EAGAIN. Waits while sections over the page are open.
 *
 * EINVAL     the page lies outside of the subscription, or the ticket has begun
 * EBUSY      sections kept the fault out for about a second; it is over
 * ESHUTDOWN  the subscription is over, and so is the fault */
int nd_fault_begin(nd_subscription *subscription, uint64_t page, struct nd_ticket *ticket);

/* Whether the look-up is worth going on with: 0, or EAGAIN if a section came between. A hint: only commit decides. */
int nd_fault_still_valid(const struct nd_ticket *ticket);

/* Stores the value in the slot, releasing, unless a section of the page has started since the begin. Ends the fault with 0.
 * EAGAIN: nothing was stored; begin again with the same ticket, or abort. The slot is 8-byte aligned; read it with acquire. */
int nd_fault_commit(struct nd_ticket *ticket, uint64_t *slot, uint64_t value);

/* Ends a fault without an install: the look-up found nothing, or will not be repeated. Right in every state of a ticket. */
int nd_fault_abort(struct nd_ticket *ticket);

/* --- A registration cache: regions of memory that a device knows, by address --- */

typedef struct nd_cache nd_cache;

/* Makes memory known to the device, and sets what the device calls it. Returns 0, or an error number that nd_cache_get hands
 * on. Several threads may call at once, without a lock. */
typedef int (*nd_register_function)(void *context, uint64_t address, uint64_t length, uint64_t *registration);

/* Takes a registration back, which nobody has pinned: once for each. May be called inside nd_invalidate_start, and inside any
 * nd_cache function. */
typedef void (*nd_deregister_function)(void *context, uint64_t registration, uint64_t address, uint64_t length);

/* What nd_cache_create is told. Limits and the page size: 0 for what is usual. */
struct nd_cache_options {
    uint32_t size;  /* sizeof(struct nd_cache_options) */
    uint32_t flags; /* 0 */
    nd_register_function register_memory;
    nd_deregister_function deregister_memory;
    void *context;                     /* handed to both */
    uint64_t maximum_regions;          /* above it the least recently used goes, unless it is pinned; 0: no limit */
    uint64_t maximum_bytes;            /* the same of bytes; 0: no limit */
    uint64_t maximum_deferred_regions; /* how many dropped regions may be pinned before a miss waits; 0: no limit */
    uint64_t page_size;                /* a power of two from 4096 to 2^30; 0: the system's */
};

/* A pinned region; valid from a get that returned 0 to its put. */
struct nd_region {
    uint32_t size;
    uint32_t state;
    uint64_t registration; /* what the device calls it */
    uint64_t address;      /* the memory that is registered: what was asked for, rounded to pages, or more */
    uint64_t length;
    uint64_t own[2];
};

/* Makes a region ready. */
static inline void nd_region_init(struct nd_region *region) {
    region->size = (uint32_t)sizeof(*region);
    region->state = 0;
}

/* Makes a cache in a space whose page numbers are addresses divided by the page size. After nd_invalidate_start has returned,
 * no get returns a region over the section's pages until its end; what is pinned is deregistered by its last put. Allocates. */
int nd_cache_create(nd_space *space, const struct nd_cache_options *options, nd_cache **cache);

/* Pins the region that holds the bytes; registers it if there is none. A hit takes no lock and allocates nothing.
 *
 * EINVAL   the length is 0, or the bytes go beyond address 2^48
 * EBUSY    sections of the memory, its registration by others, or too many dropped regions kept it out for a second
 * ENOSPC   more than a million regions
 * another  the device's */
int nd_cache_get(nd_cache *cache, const void *address, uint64_t length, struct nd_region *region);

/* Gives a region back, on any thread. EINVAL if it is not pinned. */
int nd_cache_put(struct nd_region *region);

/* Drops every region, and deregisters what is not pinned. EBUSY if something is left. */
int nd_cache_flush(nd_cache *cache);

/* Flushes and ends a cache, which no thread uses any more. EBUSY, and the cache goes on, if a region is pinned. */
int nd_cache_destroy(nd_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
