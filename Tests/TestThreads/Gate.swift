import Glibc
import Synchronization

/// Something that happens once, which threads can wait for.
public final class Gate: Sendable, CustomReflectable {
    private let flag = Atomic<Bool>(false)

    /// Of nothing: a failed expectation shows what it names, and to reflect an atomic, which cannot be copied, traps.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }

    /// A closed one.
    public init() {}

    /// Lets everyone through, now and later.
    public func open() { flag.store(true, ordering: .releasing) }

    /// Whether it has happened.
    public var isOpen: Bool { flag.load(ordering: .acquiring) }

    /// Waits for it.
    public func wait() {
        while !isOpen { usleep(20) }
    }

    /// Waits for long enough that whoever can open the gate would have done so. To give wrong code time to go wrong:
    /// right code must pass however long this takes. Returns whether it was opened.
    public func waitInVain() -> Bool {
        for _ in 0..<400 where !isOpen { usleep(50) }
        return isOpen
    }
}

/// Waits until `condition` holds, and gives up, with `false`, after a time that no working code needs.
public func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<100_000 {
        if condition() { return true }
        usleep(50)
    }
    return condition()
}
