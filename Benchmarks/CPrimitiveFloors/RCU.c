// Read sections and grace periods of the four flavours.
#include "CPrimitiveFloors.h"

#define _LGPL_SOURCE
#include <semaphore.h>
#include <stdlib.h>
#include <urcu/urcu-bp.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>
// <urcu/call-rcu.h> declares these for one flavour an inclusion.
#include <urcu/call-rcu.h>
extern void urcu_bp_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head));
extern void urcu_memb_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head));
extern void urcu_mb_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head));
extern void urcu_qsbr_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head));

#include <CPlatform.h>

// liburcu is not built with ThreadSanitizer, which therefore does not see that a callback comes after its call.
#ifdef CURCU_TSAN
extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);
#else
static inline void __tsan_acquire(void *address) { (void)address; }
static inline void __tsan_release(void *address) { (void)address; }
#endif

struct deferred_post {
    struct rcu_head head;
    sem_t *done;
};

static void post(struct rcu_head *head) {
    __tsan_acquire(head);
    struct deferred_post *call = caa_container_of(head, struct deferred_post, head);
    sem_t *done = call->done;
    free(call);
    sem_post(done);
}

static struct deferred_post *deferred_post(sem_t *done) {
    struct deferred_post *call = malloc(sizeof *call);
    if (call == NULL) {
        abort();
    }
    call->done = done;
    __tsan_release(&call->head);
    return call;
}

static void wait_online(sem_t *done) {
    while (sem_wait(done) != 0) {
    }
}

// A QSBR thread that blocks without going offline stops every grace period.
static void wait_offline(sem_t *done) {
    urcu_qsbr_thread_offline();
    wait_online(done);
    urcu_qsbr_thread_online();
}

#define FLOORS_OF(flavour, wait)                                                                                       \
    uint64_t floor_rcu_read_##flavour(uint64_t count) {                                                                \
        for (uint64_t round = 0; round < count; round++) {                                                             \
            urcu_##flavour##_read_lock();                                                                              \
            cplatform_compiler_barrier();                                                                              \
            urcu_##flavour##_read_unlock();                                                                            \
        }                                                                                                              \
        return count;                                                                                                  \
    }                                                                                                                  \
    uint64_t floor_grace_period_##flavour(uint64_t count) {                                                            \
        for (uint64_t round = 0; round < count; round++) {                                                             \
            urcu_##flavour##_synchronize_rcu();                                                                        \
        }                                                                                                              \
        return count;                                                                                                  \
    }                                                                                                                  \
    uint64_t floor_call_rcu_##flavour(uint64_t count) {                                                                \
        sem_t done;                                                                                                    \
        sem_init(&done, 0, 0);                                                                                         \
        for (uint64_t round = 0; round < count; round++) {                                                             \
            urcu_##flavour##_call_rcu(&deferred_post(&done)->head, post);                                              \
            wait(&done);                                                                                               \
        }                                                                                                              \
        sem_destroy(&done);                                                                                            \
        return count;                                                                                                  \
    }

FLOORS_OF(bp, wait_online)
FLOORS_OF(memb, wait_online)
FLOORS_OF(mb, wait_online)
FLOORS_OF(qsbr, wait_offline)
