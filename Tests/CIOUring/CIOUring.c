#define _GNU_SOURCE
#include "CIOUring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct ciouring {
    struct io_uring ring;
};

struct ciouring *ciouring_create(unsigned places, int *error) {
    struct ciouring *self = calloc(1, sizeof *self);
    if (self == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    int status = io_uring_queue_init(8, &self->ring, 0);
    if (status == 0) {
        status = io_uring_register_buffers_sparse(&self->ring, places);
        if (status == 0) return self;
        io_uring_queue_exit(&self->ring);
    }
    free(self);
    *error = -status;
    return NULL;
}

void ciouring_destroy(struct ciouring *self) {
    io_uring_queue_exit(&self->ring);
    free(self);
}

static int update(struct ciouring *self, unsigned place, const struct iovec *buffer) {
    __u64 tag = 0;
    int status = io_uring_register_buffers_update_tag(&self->ring, place, buffer, &tag, 1);
    return status == 1 ? 0 : status < 0 ? -status : EIO;
}

int ciouring_register(struct ciouring *self, unsigned place, uintptr_t address, uint64_t length) {
    return update(self, place, &(struct iovec){.iov_base = (void *)address, .iov_len = length});
}

int ciouring_deregister(struct ciouring *self, unsigned place) { return update(self, place, &(struct iovec){0}); }

static int transfer(struct ciouring *self) {
    int status = io_uring_submit_and_wait(&self->ring, 1);
    if (status < 0) return status;
    struct io_uring_cqe *completion;
    do status = io_uring_wait_cqe(&self->ring, &completion);
    while (status == -EINTR);
    if (status < 0) return status;
    status = completion->res;
    io_uring_cqe_seen(&self->ring, completion);
    return status;
}

int ciouring_read_fixed(
    struct ciouring *self, int file, uintptr_t address, unsigned length, uint64_t offset, unsigned place) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    if (entry == NULL) return -EBUSY;
    io_uring_prep_read_fixed(entry, file, (void *)address, length, offset, (int)place);
    return transfer(self);
}

int ciouring_write_fixed(
    struct ciouring *self, int file, uintptr_t address, unsigned length, uint64_t offset, unsigned place) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    if (entry == NULL) return -EBUSY;
    io_uring_prep_write_fixed(entry, file, (const void *)address, length, offset, (int)place);
    return transfer(self);
}

int ciouring_memory_file(void) {
    int file = memfd_create("fixed-buffers", MFD_CLOEXEC);
    return file < 0 ? -errno : file;
}

int ciouring_peek(uintptr_t address, void *copy, uint64_t length) {
    struct iovec from = {.iov_base = (void *)address, .iov_len = length};
    struct iovec to = {.iov_base = copy, .iov_len = length};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)length ? 0 : errno ? errno : EIO;
}
