#include "Userfault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int userfault_create(void) {
    // UFFD_USER_MODE_ONLY, which needs no privilege.
    int descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);
    if (descriptor < 0) return -errno;
    struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP};
    if (ioctl(descriptor, UFFDIO_API, &api) == 0) return descriptor;
    int error = errno;
    close(descriptor);
    return -error;
}

int userfault_watch(int descriptor, uintptr_t address, uint64_t length) {
    // To be told of faults of write protection, and nothing is ever protected.
    struct uffdio_register range = {
        .range = {.start = address, .len = length}, .mode = UFFDIO_REGISTER_MODE_WP};
    return ioctl(descriptor, UFFDIO_REGISTER, &range) == 0 ? 0 : errno;
}

int userfault_next(int descriptor, int milliseconds, uintptr_t *address, uint64_t *length) {
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};
    if (poll(&wait, 1, milliseconds) < 0) return errno == EINTR ? 0 : -errno;
    struct uffd_msg message;
    ssize_t size = read(descriptor, &message, sizeof message);
    if (size < 0) return errno == EAGAIN ? 0 : -errno;
    if (size != sizeof message || message.event != UFFD_EVENT_UNMAP) return -EPROTO;
    *address = message.arg.remove.start;
    *length = message.arg.remove.end - message.arg.remove.start;
    return 1;
}
