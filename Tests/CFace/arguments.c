// Every function with what it must refuse, and each guard's race in one thread: what a walk looked up before a section is
// not stored after it.
#include "face.h"

#include <pthread.h>

static nd_space *space;
static struct cache cache;
static int inside_drop; // what the calls inside a drop answered: each must be EDEADLK

static void *commit_elsewhere(void *ticket) {
    EXPECT(EINVAL, nd_fault_commit(ticket, &cache.slots[1], 1));
    return NULL;
}

static void call_inside_drop(void *context, uint64_t start_page, uint64_t end_page) {
    (void)context, (void)start_page, (void)end_page;
    struct nd_section section;
    struct nd_ticket ticket;
    nd_section_init(&section);
    nd_ticket_init(&ticket);
    EXPECT(EDEADLK, nd_invalidate_start(space, 0, 1, ND_EVENT_CLEAR, &section));
    EXPECT(EDEADLK, nd_invalidate_try_start(space, 0, 1, ND_EVENT_CLEAR, &section));
    EXPECT(EDEADLK, nd_fault_begin(cache.subscription, 0, &ticket));
    EXPECT(EDEADLK, nd_unsubscribe(cache.subscription));
    EXPECT(EDEADLK, nd_space_destroy(space));
    inside_drop++;
}

static void check_subscriptions(void) {
    struct nd_subscribe_options right = {
        .size = sizeof right, .guard = "striped", .end_page = PAGES, .drop = drop_slots, .context = &cache};
    struct nd_subscribe_options options;
    nd_subscription *subscription = NULL;
    EXPECT(EINVAL, nd_subscribe(NULL, &right, &subscription));
    EXPECT(EINVAL, nd_subscribe(space, NULL, &subscription));
    EXPECT(EINVAL, nd_subscribe(space, &right, NULL));
#define REFUSED(error, change)                                                                                            \
    options = right;                                                                                                      \
    options.change;                                                                                                       \
    EXPECT(error, nd_subscribe(space, &options, &subscription))
    REFUSED(EINVAL, size = 8);
    REFUSED(EINVAL, flags = 1);
    REFUSED(EINVAL, guard = NULL);
    REFUSED(EINVAL, guard = "");
    REFUSED(EINVAL, guard = "no-such-guard");
    REFUSED(EINVAL, guard = "unprotected");
    REFUSED(EINVAL, drop = NULL);
    REFUSED(EINVAL, start_page = PAGES);
    REFUSED(EINVAL, end_page = ND_PAGE_LIMIT + 1);
    REFUSED(ERANGE, end_page = ((uint64_t)1 << 30) + 1);
    static const char *const locks[] = {"mutex", "rwlock", "spin-mutex", "stripe-mutex", "shared-mutex", "ck-pflock", "tbb-rw"};
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) { REFUSED(EDEADLK, guard = locks[i]); }
    // A guard without words for pages takes any.
    options = right;
    options.guard = "kvm";
    options.start_page = ND_PAGE_LIMIT - PAGES;
    options.end_page = ND_PAGE_LIMIT;
    options.drop = call_inside_drop;
    EXPECT(0, nd_subscribe(space, &options, &cache.subscription));
    struct nd_section section;
    nd_section_init(&section);
    EXPECT(0, nd_invalidate_start(space, 0, ND_PAGE_LIMIT, ND_EVENT_CLEAR, &section));
    EXPECT(1, inside_drop);
    EXPECT(0, nd_invalidate_end(&section));
    EXPECT(EBUSY, nd_subscription_free(cache.subscription));
    EXPECT(EBUSY, nd_space_destroy(space));
    EXPECT(0, nd_unsubscribe(cache.subscription));
    EXPECT(2, inside_drop);
    EXPECT(EINVAL, nd_unsubscribe(cache.subscription));
    EXPECT(0, nd_subscription_free(cache.subscription));
    EXPECT(EINVAL, nd_unsubscribe(NULL));
    EXPECT(EINVAL, nd_subscription_free(NULL));
}

static void check_sections(void) {
    struct nd_section section;
    memset(&section, 0xff, sizeof section);
    section.size = 3;
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, ND_EVENT_UNMAP, &section));
    section.size = sizeof section;
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, ND_EVENT_UNMAP, &section));
    EXPECT(EINVAL, nd_invalidate_end(&section));
    nd_section_init(&section);
    EXPECT(EINVAL, nd_invalidate_start(NULL, 0, 1, ND_EVENT_UNMAP, &section));
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, ND_EVENT_UNMAP, NULL));
    EXPECT(EINVAL, nd_invalidate_start(space, 1, 1, ND_EVENT_UNMAP, &section));
    EXPECT(EINVAL, nd_invalidate_start(space, 0, UINT64_MAX, ND_EVENT_UNMAP, &section));
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, -1, &section));
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, 5, &section));
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, 256, &section));
    EXPECT(EINVAL, nd_invalidate_end(&section));
    EXPECT(EINVAL, nd_invalidate_end(NULL));
    EXPECT(0, nd_invalidate_start(space, 0, 1, ND_EVENT_UNMAP, &section));
    EXPECT(EINVAL, nd_invalidate_start(space, 0, 1, ND_EVENT_UNMAP, &section));
    EXPECT(EBUSY, nd_space_destroy(space));
    EXPECT(0, nd_invalidate_end(&section));
    EXPECT(EINVAL, nd_invalidate_end(&section));
    // As many as go in, and no trap.
    enum { MANY = 13000 };
    static struct nd_section many[MANY];
    int open = 0, error = 0;
    for (; open < MANY; open++) {
        nd_section_init(&many[open]);
        if ((error = nd_invalidate_start(space, 0, 1, ND_EVENT_CLEAR, &many[open])) != 0) break;
    }
    EXPECT(EAGAIN, error);
    while (open-- > 0) EXPECT(0, nd_invalidate_end(&many[open]));
}

static void check_faults(const char *guard) {
    if (!subscribe(space, guard, &cache)) return;
    struct nd_section section;
    struct nd_ticket ticket;
    nd_section_init(&section);
    nd_ticket_init(&ticket);
    nd_subscription *subscription = cache.subscription;
    uint64_t *target = &cache.slots[7];
    EXPECT(EINVAL, nd_fault_begin(NULL, 7, &ticket));
    EXPECT(EINVAL, nd_fault_begin(subscription, 7, NULL));
    EXPECT(EINVAL, nd_fault_begin(subscription, PAGES, &ticket));
    EXPECT(EINVAL, nd_fault_begin(subscription, UINT64_MAX, &ticket));
    EXPECT(EINVAL, nd_fault_commit(&ticket, target, 1));
    EXPECT(EINVAL, nd_fault_still_valid(&ticket));
    EXPECT(EINVAL, nd_fault_commit(NULL, target, 1));
    EXPECT(EINVAL, nd_fault_abort(NULL));
    ticket.size = 16;
    EXPECT(EINVAL, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(EINVAL, nd_fault_abort(&ticket));
    ticket.size = sizeof ticket;
    ticket.state = 77;
    EXPECT(EINVAL, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(EINVAL, nd_fault_abort(&ticket));
    nd_ticket_init(&ticket);

    // Straight through.
    EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(EINVAL, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(EINVAL, nd_fault_commit(&ticket, NULL, 1));
    EXPECT(EINVAL, nd_fault_commit(&ticket, (uint64_t *)((char *)target + 4), 1));
    pthread_t other;
    EXPECT(0, pthread_create(&other, NULL, commit_elsewhere, &ticket));
    EXPECT(0, pthread_join(other, NULL));
    EXPECT(0, nd_fault_still_valid(&ticket));
    EXPECT(0, nd_fault_commit(&ticket, target, 42));
    EXPECT(42, (int)slot(&cache, 7));
    EXPECT(EINVAL, nd_fault_commit(&ticket, target, 43));

    // A whole section inside the walk, more often than a fault's budget is before it falls back.
    EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    for (int collision = 0; collision < 70; collision++) {
        EXPECT(0, nd_fault_still_valid(&ticket));
        EXPECT(0, nd_invalidate_start(space, 7, 8, ND_EVENT_UNMAP, &section));
        EXPECT(0, (int)slot(&cache, 7));
        EXPECT(0, nd_invalidate_end(&section));
        EXPECT(EAGAIN, nd_fault_still_valid(&ticket));
        EXPECT(EAGAIN, nd_fault_commit(&ticket, target, 1));
        EXPECT(0, (int)slot(&cache, 7));
        EXPECT(EINVAL, nd_fault_commit(&ticket, target, 1));
        EXPECT(EINVAL, nd_fault_begin(subscription, 8, &ticket));
        EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    }
    EXPECT(0, nd_fault_commit(&ticket, target, 44));
    EXPECT(44, (int)slot(&cache, 7));

    // Given up: begun, refused, and in the fallback.
    EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(0, nd_fault_abort(&ticket));
    EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(0, nd_invalidate_try_start(space, 7, 8, ND_EVENT_UNMAP, &section));
    EXPECT(EAGAIN, nd_fault_commit(&ticket, target, 1));
    EXPECT(0, nd_fault_abort(&ticket));
    EXPECT(EINVAL, nd_fault_commit(&ticket, target, 1));
    EXPECT(0, nd_fault_abort(&ticket));
    // A fault inside the section waits, gives up, and says so.
    EXPECT(EBUSY, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(0, nd_invalidate_end(&section));
    EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(0, nd_fault_commit(&ticket, target, 45));

    // The end of the subscription: for a fault that has begun, and for those that come after.
    EXPECT(0, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(0, nd_unsubscribe(subscription));
    EXPECT(0, (int)slot(&cache, 7));
    EXPECT(EAGAIN, nd_fault_commit(&ticket, target, 46));
    EXPECT(ESHUTDOWN, nd_fault_begin(subscription, 7, &ticket));
    EXPECT(0, (int)slot(&cache, 7));
    EXPECT(0, nd_fault_abort(&ticket));
    EXPECT(0, nd_subscription_free(subscription));
}

int main(void) {
    EXPECT(EINVAL, nd_space_create(NULL));
    EXPECT(EINVAL, nd_space_destroy(NULL));
    EXPECT(0, nd_space_create(&space));
    EXPECT(0, nd_thread_register());
    check_subscriptions();
    check_sections();
    for (int i = 0; i < GUARDS; i++) check_faults(guards[i]);
    EXPECT(0, nd_space_destroy(space));
    return 0;
}
