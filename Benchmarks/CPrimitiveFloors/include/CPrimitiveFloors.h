// What each piece of the engine costs at least: the same thing in C, with the same orderings and the same layout on
// cache lines, written as one would write it in a kernel. For comparison only; nothing but the benchmark uses it.
//
// What the engine inlines into its callers is inlined here, and what it calls is called here: the loops stand in files
// of their own. Every function takes the calling thread to be registered with the RCU flavour it uses, and with the
// engine, whose thread index the small lock needs.
//
// Every loop does its piece `count` times and returns how many of them went as they should, which is all.
#ifndef CPRIMITIVEFLOORS_H
#define CPRIMITIVEFLOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: RCU

uint64_t floor_rcu_read_bp(uint64_t count);
uint64_t floor_rcu_read_memb(uint64_t count);
uint64_t floor_rcu_read_mb(uint64_t count);
uint64_t floor_rcu_read_qsbr(uint64_t count);

uint64_t floor_grace_period_bp(uint64_t count);
uint64_t floor_grace_period_memb(uint64_t count);
uint64_t floor_grace_period_mb(uint64_t count);
uint64_t floor_grace_period_qsbr(uint64_t count);

// From call_rcu to the return of a wait for its callback.
uint64_t floor_call_rcu_bp(uint64_t count);
uint64_t floor_call_rcu_memb(uint64_t count);
uint64_t floor_call_rcu_mb(uint64_t count);
uint64_t floor_call_rcu_qsbr(uint64_t count);

// MARK: Locks

struct floor_small_lock;
struct floor_small_lock *_Nonnull floor_small_lock_create(void);
void floor_small_lock_destroy(struct floor_small_lock *_Nonnull lock);
uint64_t floor_small_lock_loop(struct floor_small_lock *_Nonnull lock, uint64_t count);

// MARK: Locks of other libraries, taken shared and given back

uint64_t floor_shared_mutex_loop(uint64_t count);
uint64_t floor_ck_rwlock_loop(uint64_t count);
uint64_t floor_ck_pflock_loop(uint64_t count);
uint64_t floor_ck_tflock_loop(uint64_t count);
uint64_t floor_ck_brlock_loop(uint64_t count);
uint64_t floor_ck_bytelock_loop(uint64_t count);
uint64_t floor_ck_rwcohort_loop(uint64_t count);
uint64_t floor_tbb_rw_loop(uint64_t count);
uint64_t floor_tbb_queuing_rw_loop(uint64_t count);

// MARK: The counter of open sections

struct floor_range_counter;
struct floor_range_counter *_Nonnull floor_range_counter_create(void);
void floor_range_counter_destroy(struct floor_range_counter *_Nonnull counter);
// Opens a section. Returns the parity of its epoch.
uint64_t floor_range_counter_raise(struct floor_range_counter *_Nonnull counter);
// Closes a section; ends the program if none is open. Returns whether it was the last one of its parity.
bool floor_range_counter_lower(struct floor_range_counter *_Nonnull counter, uint64_t parity);
uint64_t floor_range_counter_begin_retry_loop(struct floor_range_counter *_Nonnull counter, uint64_t count);
uint64_t floor_range_counter_raise_lower_loop(struct floor_range_counter *_Nonnull counter, uint64_t count);

// MARK: The invlock

struct floor_inv_lock;
struct floor_inv_lock *_Nonnull floor_inv_lock_create(void);
void floor_inv_lock_destroy(struct floor_inv_lock *_Nonnull lock);
void floor_inv_lock_started(
    struct floor_inv_lock *_Nonnull lock, int64_t start_page, int64_t end_page, bool interesting,
    void (*_Nonnull teardown)(void *_Nullable context, int64_t start_page, int64_t end_page), void *_Nullable context);
void floor_inv_lock_ended(
    struct floor_inv_lock *_Nonnull lock, int64_t start_page, int64_t end_page, bool interesting);
uint64_t floor_inv_lock_begin_retry_loop(struct floor_inv_lock *_Nonnull lock, uint64_t count);
uint64_t floor_inv_lock_section_loop(struct floor_inv_lock *_Nonnull lock, uint64_t count);

// MARK: Dispatch

// What a subscriber is told. `range` is half open; `event` is the engine's raw value.
struct floor_invalidation {
    int64_t start_page;
    int64_t end_page;
    uint8_t event;
    uint8_t is_blockable;
};

enum floor_response { floor_done, floor_would_block };

// A subscriber's functions, with its own address before each argument. `end` may be NULL: it wants none.
struct floor_subscriber {
    enum floor_response (*_Nonnull start)(void *_Nonnull subscriber, const struct floor_invalidation *_Nonnull what);
    void (*_Nullable end)(void *_Nonnull subscriber, const struct floor_invalidation *_Nonnull what);
    void (*_Nonnull released)(void *_Nonnull subscriber);
};

// One that does nothing, and wants its ends.
extern const struct floor_subscriber floor_idle_subscriber;

struct floor_list;
struct floor_list *_Nonnull floor_list_create(void);
// Frees the entries that are left. Nobody may be walking.
void floor_list_destroy(struct floor_list *_Nonnull list);
struct floor_node;
struct floor_node *_Nonnull floor_list_register(
    struct floor_list *_Nonnull list, void *_Nonnull subscriber, const struct floor_subscriber *_Nonnull functions);
// Waits for a grace period and frees the entry.
void floor_list_unregister(struct floor_list *_Nonnull list, struct floor_node *_Nonnull node);
uint64_t floor_list_dispatch_loop(
    struct floor_list *_Nonnull list, const struct floor_invalidation *_Nonnull what, uint64_t count);
uint64_t floor_list_register_loop(struct floor_list *_Nonnull list, void *_Nonnull subscriber, uint64_t count);

// The list behind the counter of open sections.
struct floor_subscriptions;
struct floor_subscriptions *_Nonnull floor_subscriptions_create(void);
void floor_subscriptions_destroy(struct floor_subscriptions *_Nonnull space);
// Holds sections back while it registers.
struct floor_node *_Nonnull floor_subscriptions_register(
    struct floor_subscriptions *_Nonnull space, void *_Nonnull subscriber,
    const struct floor_subscriber *_Nonnull functions);
void floor_subscriptions_unregister(struct floor_subscriptions *_Nonnull space, struct floor_node *_Nonnull node);
uint64_t floor_subscriptions_dispatch_loop(
    struct floor_subscriptions *_Nonnull space, const struct floor_invalidation *_Nonnull what, uint64_t count);
uint64_t floor_subscriptions_register_loop(
    struct floor_subscriptions *_Nonnull space, void *_Nonnull subscriber, uint64_t count);

// MARK: Subscriptions to ranges

struct floor_interval_set;
struct floor_interval_node;

// A subscriber's function. It takes the readers' lock to record the sequence, drops its translations under it, and gives
// it back: floor_interval_record_locked is all of that for one that has none.
struct floor_interval_subscriber {
    enum floor_response (*_Nonnull start)(
        struct floor_interval_node *_Nonnull node, const struct floor_invalidation *_Nonnull what, uint64_t sequence);
};

// One that does nothing.
extern const struct floor_interval_subscriber floor_idle_interval_subscriber;
void *_Nonnull floor_interval_subscriber_of(const struct floor_interval_node *_Nonnull node);
void floor_interval_record_locked(struct floor_interval_node *_Nonnull node, uint64_t sequence);

struct floor_interval_set *_Nonnull floor_interval_set_create(void);
// Frees the subscriptions that are left. Nobody may be reading.
void floor_interval_set_destroy(struct floor_interval_set *_Nonnull set);
struct floor_interval_node *_Nonnull floor_interval_node_create(
    int64_t start_page, int64_t end_page, void *_Nonnull subscriber,
    const struct floor_interval_subscriber *_Nonnull functions);
// Takes the memory of the subscription over until it is removed again. Both end the program inside a section, where they
// would have to be put off: that is not measured.
void floor_interval_set_insert(struct floor_interval_set *_Nonnull set, struct floor_interval_node *_Nonnull node);
void floor_interval_set_remove(struct floor_interval_set *_Nonnull set, struct floor_interval_node *_Nonnull node);
// False, with nothing owed, where the invalidation is not blockable and a subscriber would block.
bool floor_interval_set_start(
    struct floor_interval_set *_Nonnull set, const struct floor_invalidation *_Nonnull what);
void floor_interval_set_end(struct floor_interval_set *_Nonnull set);

// Where a loop works, round after round: `count` places, at most 2^32, `stride` pages apart.
struct floor_interval_places {
    struct floor_invalidation first;
    int64_t stride;
    uint64_t count;
};

// The place of a round, below `count`: scattered, so that no round finds the tree's path in the cache because of the one
// before it, and the same on both sides.
static inline uint64_t floor_interval_place(const struct floor_interval_places *_Nonnull places, uint64_t round) {
    return ((round * UINT64_C(0x9e3779b97f4a7c15) >> 32) * places->count) >> 32;
}

uint64_t floor_interval_dispatch_loop(
    struct floor_interval_set *_Nonnull set, const struct floor_interval_places *_Nonnull places, uint64_t count);
// Inserts the same memory again and again.
uint64_t floor_interval_insert_remove_loop(
    struct floor_interval_set *_Nonnull set, const struct floor_interval_places *_Nonnull places,
    void *_Nonnull subscriber, uint64_t count);
// Of a set with one subscription.
uint64_t floor_interval_begin_retry_loop(struct floor_interval_set *_Nonnull set, uint64_t count);
uint64_t floor_interval_begin_retry_lock_free_loop(struct floor_interval_set *_Nonnull set, uint64_t count);

// MARK: KVM's scheme

struct floor_kvm;
struct floor_kvm *_Nonnull floor_kvm_create(void);
void floor_kvm_destroy(struct floor_kvm *_Nonnull kvm);
void floor_kvm_started(struct floor_kvm *_Nonnull kvm, int64_t start_page, int64_t end_page);
void floor_kvm_ended(struct floor_kvm *_Nonnull kvm);

// MARK: The guards with a word for each stripe

// Drops the translations of a range.
typedef void (*floor_teardown)(void *_Nullable context, int64_t start_page, int64_t end_page);

struct floor_striped;
void floor_striped_started(
    const struct floor_striped *_Nonnull striped, int64_t start_page, int64_t end_page,
    floor_teardown _Nonnull teardown, void *_Nullable context);
void floor_striped_ended(const struct floor_striped *_Nonnull striped, int64_t start_page, int64_t end_page);
// The word of a page's stripe, laid out as the engine's.
uint64_t floor_striped_word(const struct floor_striped *_Nonnull striped, int64_t page);
uint64_t floor_striped_section_loop(const struct floor_striped *_Nonnull striped, uint64_t count);

// `threads`, here and below: one above the highest index of a thread that faults.
struct floor_asymmetric;
void floor_asymmetric_started(
    const struct floor_asymmetric *_Nonnull asymmetric, int64_t start_page, int64_t end_page, int64_t threads,
    floor_teardown _Nonnull teardown, void *_Nullable context);
void floor_asymmetric_ended(const struct floor_asymmetric *_Nonnull asymmetric, int64_t start_page, int64_t end_page);
uint64_t floor_asymmetric_word(const struct floor_asymmetric *_Nonnull asymmetric, int64_t page);
uint64_t floor_asymmetric_section_loop(
    const struct floor_asymmetric *_Nonnull asymmetric, int64_t threads, uint64_t count);

struct floor_adaptive;
void floor_adaptive_started(
    const struct floor_adaptive *_Nonnull adaptive, int64_t start_page, int64_t end_page, int64_t threads,
    floor_teardown _Nonnull teardown, void *_Nullable context);
void floor_adaptive_ended(const struct floor_adaptive *_Nonnull adaptive, int64_t start_page, int64_t end_page);
uint64_t floor_adaptive_word(const struct floor_adaptive *_Nonnull adaptive, int64_t page);
uint64_t floor_adaptive_section_loop(const struct floor_adaptive *_Nonnull adaptive, int64_t threads, uint64_t count);

// MARK: Guards

// A page table and a shadow table of `pages` words each, a power of two, and what each guard needs. `bias_budget`, above 0
// and at most 1, is the part of the time that revocations of the adaptive guard may take.
struct floor_pages;
struct floor_pages *_Nonnull floor_pages_create(size_t pages, double bias_budget);
void floor_pages_destroy(struct floor_pages *_Nonnull pages);
// The translation of a page that the shadow table holds, 0 for none.
uint64_t floor_pages_translation(const struct floor_pages *_Nonnull pages, size_t page);
// What its faults under each scheme look at.
struct floor_kvm *_Nonnull floor_pages_kvm(const struct floor_pages *_Nonnull pages);
const struct floor_striped *_Nonnull floor_pages_striped(const struct floor_pages *_Nonnull pages);
const struct floor_asymmetric *_Nonnull floor_pages_asymmetric(const struct floor_pages *_Nonnull pages);
const struct floor_adaptive *_Nonnull floor_pages_adaptive(const struct floor_pages *_Nonnull pages);
// One fault after the other, page by page.
uint64_t floor_fault_unprotected_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_ck_pflock_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_inv_lock_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_kvm_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_interval_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_interval_lock_free_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_striped_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_asymmetric_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_fenced_loop(struct floor_pages *_Nonnull pages, uint64_t count);
// Only in a process that has restartable sequences.
uint64_t floor_fault_restartable_loop(struct floor_pages *_Nonnull pages, uint64_t count);
uint64_t floor_fault_adaptive_loop(struct floor_pages *_Nonnull pages, uint64_t count);

// The bare memory accesses of faults on pages at random, without anything around them. One thread at a time.
struct floor_bare_faults;
struct floor_bare_faults *_Nonnull floor_bare_faults_create(void);
void floor_bare_faults_destroy(struct floor_bare_faults *_Nonnull faults);
// What the shadow table holds of a page, below 65,536; 0 for nothing.
uint64_t floor_bare_faults_translation(const struct floor_bare_faults *_Nonnull faults, size_t page);
uint64_t floor_bare_faults_loop(struct floor_bare_faults *_Nonnull faults, uint64_t count);

#endif
