import CPlatform
import Glibc

/// How a thread waits for something short: a few spins with the processor's hint, then it gives its core away each time.
///
/// Spinning alone would starve the thread that is waited for where there are more threads than cores.
@usableFromInline
struct Backoff {
    @usableFromInline
    static let spinLimit = 128

    @usableFromInline
    var spins = 0

    @usableFromInline
    init() {}

    @usableFromInline
    mutating func pause() {
        if spins < Self.spinLimit {
            spins += 1
            cplatform_spin_hint()
        } else {
            sched_yield()
        }
    }
}
