import Glibc
import NotifierDispatch
import Synchronization
// For all files of these tests.
@_exported import TestThreads

/// A POSIX thread whose body runs registered with RCU.
final class RegisteredThread: Sendable {
    private let thread: PlainThread

    /// Starts the thread.
    init(_ body: @escaping @Sendable () -> Void) { thread = PlainThread { RCU.withRegisteredThread { body() } } }

    /// Waits for the body to end. To be called once.
    func join() { thread.join() }

    /// Leaves the thread to itself: nobody will join it.
    func detach() { thread.detach() }
}

/// Runs `body` on `count` registered threads at once, which all start together, and waits for them. `body` gets the
/// thread's number, from 0.
func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let startingLine = StartingLine(count)
    let threads = (0..<count).map { number in
        RegisteredThread {
            startingLine.cross()
            body(number)
        }
    }
    for thread in threads { thread.join() }
}

/// Holds threads until all of them are there.
private final class StartingLine: Sendable {
    private let missing: Atomic<Int>

    init(_ count: Int) { missing = Atomic(count) }

    func cross() {
        missing.subtract(1, ordering: .acquiringAndReleasing)
        while missing.load(ordering: .acquiring) > 0 { sched_yield() }
    }
}
