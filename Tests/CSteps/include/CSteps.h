// What runs before and after each atomic access of an engine that was compiled with SteppedAtomics. Nothing at first.
#ifndef CSTEPS_H
#define CSTEPS_H

#include <stdint.h>

#include "SlowSequences.h"

enum steps_kind {
    STEPS_LOAD,
    STEPS_STORE,
    STEPS_UPDATE, // an exchange, a compare-and-swap, an addition: reads, and may change
    STEPS_FENCE,  // of no address
};

typedef void (*steps_before)(const void *_Nullable address, uint32_t kind);
typedef void (*steps_after_change)(const void *_Nonnull address);

// Has these called on the thread that makes an access; null for nothing. Before there are such threads.
void steps_call(steps_before _Nullable before, steps_after_change _Nullable after_change);

extern steps_before _Nullable steps_before_access;
extern steps_after_change _Nullable steps_after_access;

// Before an access.
static inline void steps_announce(const void *_Nullable address, uint32_t kind) {
    if (__builtin_expect(steps_before_access != 0, 0)) steps_before_access(address, kind);
}

// After an access that has written something; a compare-and-swap that failed has not.
static inline void steps_note_change(const void *_Nonnull address) {
    if (__builtin_expect(steps_after_access != 0, 0)) steps_after_access(address);
}

#endif
