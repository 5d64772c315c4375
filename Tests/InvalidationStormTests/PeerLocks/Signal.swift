import Glibc
import Synchronization

/// Something that happens once, which threads can wait for.
final class Signal: Sendable {
    private let flag = Atomic<Bool>(false)

    func raise() { flag.store(true, ordering: .releasing) }

    var isRaised: Bool { flag.load(ordering: .acquiring) }

    func wait() {
        while !isRaised { usleep(50) }
    }

    /// Waits for it, and gives up, with `false`, after a time that no working code needs.
    func comes() -> Bool {
        for _ in 0..<100_000 where !isRaised { usleep(50) }
        return isRaised
    }

    /// Waits for long enough that whoever can raise it would have done so: right code must pass however long this takes.
    func staysAway() -> Bool {
        for _ in 0..<400 where !isRaised { usleep(50) }
        return !isRaised
    }
}
