// How a thread waits for something short: a few spins with the processor's hint, then it gives its core away each time.
#ifndef FLOOR_WAITING_H
#define FLOOR_WAITING_H

#include <CPlatform.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

static inline void floor_pause(unsigned *spins) {
    if (*spins < 128) {
        *spins += 1;
        cplatform_spin_hint();
    } else {
        sched_yield();
    }
}

// Begins an install that sections wait for. Ends the program inside another one.
static inline void floor_enter_install(void) {
    if (cplatform_thread()->installs != 0) {
        __builtin_trap();
    }
    cplatform_thread()->installs = 1;
}

// Nanoseconds of the monotonic clock.
static inline uint64_t floor_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

#endif
