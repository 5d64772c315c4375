#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

// What C++ compilers call for the destructors of thread-local objects: glibc 2.18 and later.
extern int __cxa_thread_atexit_impl(void (*function)(void *), void *argument, void *library);
extern void *__dso_handle;

int cplatform_at_thread_end(void (*function)(void *)) { return __cxa_thread_atexit_impl(function, NULL, &__dso_handle); }

int32_t cplatform_thread_id(void) { return (int32_t)gettid(); }

void cplatform_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

int cplatform_processor(void) { return sched_getcpu(); }

int cplatform_attributes_bind(pthread_attr_t *attributes, int processor) {
    cpu_set_t *set = CPU_ALLOC(processor + 1);
    if (set == NULL) return ENOMEM;
    size_t size = CPU_ALLOC_SIZE(processor + 1);
    CPU_ZERO_S(size, set);
    CPU_SET_S(processor, size, set);
    int error = pthread_attr_setaffinity_np(attributes, size, set);
    CPU_FREE(set);
    return error;
}

int cplatform_membarrier_register(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}

int cplatform_membarrier(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}

int cplatform_membarrier_global(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0 ? 0 : errno;
}

static int open_counter(struct perf_event_attr *attributes, int leader) {
    attributes->size = sizeof *attributes;
    long descriptor = syscall(SYS_perf_event_open, attributes, 0, -1, leader, (unsigned long)PERF_FLAG_FD_CLOEXEC);
    return descriptor >= 0 ? (int)descriptor : -errno;
}

int cplatform_perf_event_open(uint32_t type, uint64_t config, int include_kernel) {
    struct perf_event_attr attributes = {.type = type, .config = config};
    attributes.exclude_kernel = !include_kernel;
    attributes.exclude_hv = !include_kernel;
    return open_counter(&attributes, -1);
}

int cplatform_perf_group_open(uint32_t type, uint64_t config, int leader) {
    struct perf_event_attr attributes = {.type = type, .config = config};
    attributes.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    attributes.disabled = leader < 0;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    return open_counter(&attributes, leader);
}

int cplatform_perf_group_enable(int leader) {
    return ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) == 0 ? 0 : errno;
}

struct cplatform_thread_usage cplatform_read_thread_usage(void) {
    struct rusage usage;
    struct cplatform_thread_usage counts = {0};
    if (getrusage(RUSAGE_THREAD, &usage) == 0) {
        counts.voluntary_switches = (uint64_t)usage.ru_nvcsw;
        counts.involuntary_switches = (uint64_t)usage.ru_nivcsw;
        counts.page_faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
    }
    return counts;
}
