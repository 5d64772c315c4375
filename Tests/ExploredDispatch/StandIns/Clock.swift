import CPlatform
import Glibc
import Interleaving

// Declarations of this module hide imported ones of the same name, so the engine's sources call these.

/// The virtual clock.
@usableFromInline @discardableResult
func clock_gettime(_ clock: clockid_t, _ time: UnsafeMutablePointer<timespec>) -> Int32 {
    let now = Scheduler.shared.now()
    time.pointee = timespec(tv_sec: Int(now / 1_000_000_000), tv_nsec: Int(now % 1_000_000_000))
    return 0
}

/// Only loops that look a bounded number of times call it themselves; others pause.
@usableFromInline
func cplatform_spin_hint() { Scheduler.shared.glance() }

/// How a thread waits for something short: until another thread has changed something.
@usableFromInline
struct Backoff {
    @usableFromInline
    init() {}

    @usableFromInline
    mutating func pause() { Scheduler.shared.pause() }
}
