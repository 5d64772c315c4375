import Glibc
import Synchronization

@testable import RegistrationCache

/// Something that happens once, which threads can wait for.
final class Gate: Sendable {
    private let flag = Atomic<Bool>(false)

    func open() { flag.store(true, ordering: .releasing) }

    var isOpen: Bool { flag.load(ordering: .acquiring) }

    func wait() {
        while !isOpen { usleep(20) }
    }

    /// Waits long enough for wrong code to open it; right code passes however long this takes.
    func waitInVain() -> Bool {
        for _ in 0..<400 where !isOpen { usleep(50) }
        return isOpen
    }
}

/// A pin that goes from one thread to another.
final class Parcel: Sendable {
    private let address: Atomic<UInt>

    init(_ region: consuming PinnedRegion) { address = Atomic(UInt(bitPattern: region.relinquish())) }

    /// The pin, once.
    func open() -> PinnedRegion {
        guard let pin = UnsafeMutableRawPointer(bitPattern: address.exchange(0, ordering: .acquiringAndReleasing))
        else {
            fatalError("opened twice")
        }
        return PinnedRegion(relinquished: pin)
    }
}
