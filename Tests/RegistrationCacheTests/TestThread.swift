import Glibc
import Synchronization

@testable import RegistrationCache

/// A thread that runs one closure.
final class TestThread: @unchecked Sendable {
    // @unchecked: joined once, by the thread that made it.
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        precondition(status == 0, "no thread")
    }

    func join() { pthread_join(thread, nil) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

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
