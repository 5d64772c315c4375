import Glibc
import Synchronization

/// Something that happens once, which threads can wait for.
final class Gate: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Lets everyone through, now and later.
    func open() { flag.store(true, ordering: .releasing) }

    var isOpen: Bool { flag.load(ordering: .acquiring) }

    func wait() {
        while !isOpen { usleep(20) }
    }

    /// Waits for long enough that whoever can open the gate would have done so. To give wrong code time to go wrong:
    /// right code must pass however long this takes. Returns whether it was opened.
    func waitInVain() -> Bool {
        for _ in 0..<400 where !isOpen { usleep(50) }
        return isOpen
    }
}

/// Waits until `condition` holds, and gives up, with `false`, after a time that no working code needs.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<100_000 {
        if condition() { return true }
        usleep(50)
    }
    return condition()
}
