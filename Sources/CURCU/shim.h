// liburcu for Swift: four flavours in one process, macros as static inline functions. No logic of our own.
//
// _LGPL_SOURCE selects liburcu's inline read side. Its authors keep those functions under ten lines each so that they
// may be inlined into programs of any licence (LGPL 2.1, section 5).
#ifndef CURCU_SHIM_H
#define CURCU_SHIM_H

#define _LGPL_SOURCE

// As in CPlatform.h, for the engine's own flavour; before liburcu's declaration, which takes the model over.
#ifdef CPLATFORM_INITIAL_EXEC
struct urcu_bp_reader;
extern __thread struct urcu_bp_reader *urcu_bp_reader __attribute__((tls_model("initial-exec")));
#endif

#include <urcu/urcu-bp.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>
#include <urcu/call-rcu.h>

// <urcu/call-rcu.h> declares these for one flavour an inclusion; the symbols of all four exist side by side.
extern void urcu_memb_call_rcu(struct rcu_head *_Nonnull head, void (*_Nonnull function)(struct rcu_head *_Nonnull head));
extern void urcu_mb_call_rcu(struct rcu_head *_Nonnull head, void (*_Nonnull function)(struct rcu_head *_Nonnull head));
extern void urcu_qsbr_call_rcu(struct rcu_head *_Nonnull head, void (*_Nonnull function)(struct rcu_head *_Nonnull head));
extern void urcu_bp_call_rcu(struct rcu_head *_Nonnull head, void (*_Nonnull function)(struct rcu_head *_Nonnull head));
extern void urcu_memb_barrier(void);
extern void urcu_mb_barrier(void);
extern void urcu_qsbr_barrier(void);
extern void urcu_bp_barrier(void);
extern void urcu_bp_call_rcu_before_fork(void);
extern void urcu_bp_call_rcu_after_fork_parent(void);
extern void urcu_bp_call_rcu_after_fork_child(void);

// liburcu is not built with ThreadSanitizer, so the sanitizer cannot see that a grace period orders earlier readers
// before what follows it. Built with `-Xcc -DCURCU_TSAN`, these two say so; otherwise they are nothing.
#ifdef CURCU_TSAN
extern void __tsan_acquire(void *_Nonnull address);
extern void __tsan_release(void *_Nonnull address);
static inline void curcu_happens_before(void *_Nonnull address) { __tsan_release(address); }
static inline void curcu_happens_after(void *_Nonnull address) { __tsan_acquire(address); }
#else
static inline void curcu_happens_before(void *_Nonnull address) { (void)address; }
static inline void curcu_happens_after(void *_Nonnull address) { (void)address; }
#endif

static inline void curcu_memb_read_lock(void) { urcu_memb_read_lock(); }
static inline void curcu_memb_read_unlock(void) {
    curcu_happens_before(&urcu_memb_gp);
    urcu_memb_read_unlock();
}
static inline int curcu_memb_read_ongoing(void) { return urcu_memb_read_ongoing(); }
static inline void curcu_memb_synchronize(void) {
    urcu_memb_synchronize_rcu();
    curcu_happens_after(&urcu_memb_gp);
}
static inline void *_Nonnull curcu_memb_grace_period(void) { return &urcu_memb_gp; }

static inline void curcu_mb_read_lock(void) { urcu_mb_read_lock(); }
static inline void curcu_mb_read_unlock(void) {
    curcu_happens_before(&urcu_mb_gp);
    urcu_mb_read_unlock();
}
static inline int curcu_mb_read_ongoing(void) { return urcu_mb_read_ongoing(); }
static inline void curcu_mb_synchronize(void) {
    urcu_mb_synchronize_rcu();
    curcu_happens_after(&urcu_mb_gp);
}
static inline void *_Nonnull curcu_mb_grace_period(void) { return &urcu_mb_gp; }

static inline void curcu_qsbr_read_lock(void) { urcu_qsbr_read_lock(); }
static inline void curcu_qsbr_read_unlock(void) {
    curcu_happens_before(&urcu_qsbr_gp);
    urcu_qsbr_read_unlock();
}
static inline int curcu_qsbr_read_ongoing(void) { return urcu_qsbr_read_ongoing(); }
static inline void curcu_qsbr_quiescent_state(void) { urcu_qsbr_quiescent_state(); }
static inline void curcu_qsbr_thread_offline(void) { urcu_qsbr_thread_offline(); }
static inline void curcu_qsbr_thread_online(void) { urcu_qsbr_thread_online(); }
static inline void curcu_qsbr_synchronize(void) {
    urcu_qsbr_synchronize_rcu();
    curcu_happens_after(&urcu_qsbr_gp);
}
static inline void *_Nonnull curcu_qsbr_grace_period(void) { return &urcu_qsbr_gp; }

static inline void curcu_bp_read_lock(void) { urcu_bp_read_lock(); }
static inline void curcu_bp_read_unlock(void) {
    curcu_happens_before(&urcu_bp_gp);
    urcu_bp_read_unlock();
}
static inline int curcu_bp_read_ongoing(void) { return urcu_bp_read_ongoing(); }
static inline void curcu_bp_synchronize(void) {
    urcu_bp_synchronize_rcu();
    curcu_happens_after(&urcu_bp_gp);
}
static inline void *_Nonnull curcu_bp_grace_period(void) { return &urcu_bp_gp; }

#endif
