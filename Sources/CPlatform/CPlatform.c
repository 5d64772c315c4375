#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

__thread struct cplatform_thread cplatform_this_thread = {.index = -1};

int cplatform_ticks_are_invariant(void) {
#if defined(__x86_64__)
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) && (edx & (1u << 8)) != 0;
#else
    return 1;
#endif
}

int cplatform_membarrier_register(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}

int cplatform_membarrier(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}

int cplatform_perf_event_open(uint32_t type, uint64_t config, int include_kernel) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = type;
    attributes.config = config;
    attributes.exclude_kernel = !include_kernel;
    attributes.exclude_hv = !include_kernel;
    long descriptor = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0ul);
    return descriptor >= 0 ? (int)descriptor : -errno;
}

uint64_t cplatform_involuntary_switches(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}
