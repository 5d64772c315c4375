#define _GNU_SOURCE
#include "CUserFault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY // Linux 5.11
#define UFFD_USER_MODE_ONLY 1
#endif

int cuserfault_open(uint64_t features) {
    int descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    if (descriptor < 0) return -errno;
    struct uffdio_api api = {.api = UFFD_API, .features = features};
    if (ioctl(descriptor, UFFDIO_API, &api) == 0) return descriptor;
    int error = errno;
    close(descriptor);
    return -error;
}

static int registered(int descriptor, void *start, size_t length, uint64_t mode) {
    struct uffdio_register range = {.range = {.start = (uintptr_t)start, .len = length}, .mode = mode};
    return ioctl(descriptor, UFFDIO_REGISTER, &range) == 0 ? 0 : errno;
}

int cuserfault_register(int descriptor, void *start, size_t length) {
    return registered(descriptor, start, length, UFFDIO_REGISTER_MODE_MISSING);
}

int cuserfault_watch(int descriptor, void *start, size_t length) {
    return registered(descriptor, start, length, UFFDIO_REGISTER_MODE_WP);
}

int cuserfault_unregister(int descriptor, void *start, size_t length) {
    struct uffdio_range range = {.start = (uintptr_t)start, .len = length};
    return ioctl(descriptor, UFFDIO_UNREGISTER, &range) == 0 ? 0 : errno;
}

int64_t cuserfault_copy(int descriptor, void *to, const void *from, size_t length) {
    struct uffdio_copy copy = {.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length};
    if (ioctl(descriptor, UFFDIO_COPY, &copy) == 0) return (int64_t)length;
    // The call also says EAGAIN where it installed some of the pages and met one that is there.
    return errno == EAGAIN && copy.copy > 0 ? copy.copy : -(int64_t)errno;
}

int cuserfault_wake(int descriptor, void *start, size_t length) {
    struct uffdio_range range = {.start = (uintptr_t)start, .len = length};
    return ioctl(descriptor, UFFDIO_WAKE, &range) == 0 ? 0 : errno;
}

int cuserfault_read(int descriptor, struct cuserfault_message *message) {
    struct uffd_msg raw;
    ssize_t length;
    do length = read(descriptor, &raw, sizeof raw);
    while (length < 0 && errno == EINTR);
    if (length < 0) return errno == EAGAIN ? 0 : -errno;
    *message = (struct cuserfault_message){.event = raw.event, .fork = -1};
    switch (raw.event) {
    case UFFD_EVENT_PAGEFAULT: message->start = raw.arg.pagefault.address; break;
    case UFFD_EVENT_FORK: message->fork = (int32_t)raw.arg.fork.ufd; break;
    case UFFD_EVENT_REMAP:
        message->start = raw.arg.remap.from;
        message->to = raw.arg.remap.to;
        message->length = raw.arg.remap.len;
        break;
    case UFFD_EVENT_REMOVE:
    case UFFD_EVENT_UNMAP:
        message->start = raw.arg.remove.start;
        message->length = raw.arg.remove.end - raw.arg.remove.start;
        break;
    }
    return 1;
}

int cuserfault_signal_open(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

int cuserfault_signal(int descriptor) { return eventfd_write(descriptor, 1) == 0 ? 0 : errno; }

int cuserfault_wait(int descriptor, int other) {
    struct pollfd both[] = {{.fd = descriptor, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    return poll(both, 2, -1) > 0 && both[0].revents == 0;
}

int cuserfault_resident(void *start, size_t length, unsigned char *pages) {
    return mincore(start, length, pages) == 0 ? 0 : errno;
}
