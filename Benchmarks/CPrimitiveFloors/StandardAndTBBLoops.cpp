// The locks of C++, taken shared and given back without a function of C between, as a C++ program would.
#include <oneapi/tbb/queuing_rw_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>
#include <shared_mutex>

#include <cstdint>

#include "CacheLine.h"

namespace {

alignas(FLOOR_LINE) std::shared_mutex shared_mutex;
alignas(FLOOR_LINE) tbb::spin_rw_mutex spin_rw_mutex;
alignas(FLOOR_LINE) tbb::queuing_rw_mutex queuing_rw_mutex;

} // namespace

extern "C" {

uint64_t floor_shared_mutex_loop(uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        shared_mutex.lock_shared();
        shared_mutex.unlock_shared();
    }
    return count;
}

uint64_t floor_tbb_rw_loop(uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        spin_rw_mutex.lock_shared();
        spin_rw_mutex.unlock_shared();
    }
    return count;
}

uint64_t floor_tbb_queuing_rw_loop(uint64_t count) {
    alignas(FLOOR_LINE) tbb::queuing_rw_mutex::scoped_lock place;
    for (uint64_t round = 0; round < count; round++) {
        place.acquire(queuing_rw_mutex, false);
        place.release();
    }
    return count;
}

} // extern "C"
