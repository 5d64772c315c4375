// Faults and sections in C, as many as asked for: see Tests/SwiftFaults.
#include "face.h"

static uint64_t word;

static void drop(void *context, uint64_t start_page, uint64_t end_page) {
    (void)context, (void)start_page, (void)end_page;
    __atomic_store_n(&word, 0, __ATOMIC_RELEASE);
}

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "faults: usage: faults GUARD FAULTS SECTIONS\n"), 2;
    long faults = atol(arguments[2]), sections = atol(arguments[3]);
    nd_space *space;
    nd_subscription *subscription;
    struct nd_subscribe_options options = {
        .size = sizeof options, .guard = arguments[1], .end_page = PAGES, .drop = drop};
    EXPECT(0, nd_space_create(&space));
    EXPECT(0, nd_subscribe(space, &options, &subscription));
    struct nd_ticket ticket;
    nd_ticket_init(&ticket);
    for (long number = 0; number < faults; number++) {
        int error = nd_fault_begin(subscription, 7, &ticket);
        if (error == 0) error = nd_fault_commit(&ticket, &word, (uint64_t)number);
        EXPECT(0, error);
    }
    struct nd_section section;
    nd_section_init(&section);
    for (long number = 0; number < sections; number++) {
        EXPECT(0, nd_invalidate_start(space, 7, 8, ND_EVENT_UNMAP, &section));
        EXPECT(0, nd_invalidate_end(&section));
    }
    EXPECT(0, nd_unsubscribe(subscription));
    EXPECT(0, nd_subscription_free(subscription));
    EXPECT(0, nd_space_destroy(space));
    return 0;
}
