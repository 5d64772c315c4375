import Glibc

/// A POSIX semaphore that starts at 0.
final class Semaphore: @unchecked Sendable {
    // @unchecked: a semaphore behind a pointer, made for being shared.
    private let raw: UnsafeMutablePointer<sem_t>

    init() {
        raw = .allocate(capacity: 1)
        sem_init(raw, 0, 0)
    }

    deinit {
        sem_destroy(raw)
        raw.deallocate()
    }

    /// Lets one waiter go on.
    func post() { sem_post(raw) }

    /// Waits for one post.
    func wait() {
        while sem_wait(raw) != 0 {}
    }
}
