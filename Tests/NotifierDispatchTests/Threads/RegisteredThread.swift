import Glibc
import NotifierDispatch
import Synchronization

/// A POSIX thread that knows nothing of the engine. Tests block, which the threads of Swift's own pool must not.
final class PlainThread: @unchecked Sendable {
    // @unchecked: `handle` is written once, before anyone else can have the object.
    private var handle = pthread_t()

    /// Starts the thread.
    init(_ body: @escaping @Sendable () -> Void) {
        let status = pthread_create(
            &handle, nil,
            { context in
                Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(ThreadBody(run: body)).toOpaque())
        precondition(status == 0, "pthread_create failed with error \(status)")
    }

    /// Waits for the thread to end. To be called once.
    func join() { pthread_join(handle, nil) }

    /// Leaves the thread to itself: nobody will join it.
    func detach() { pthread_detach(handle) }
}

/// What a C function pointer can carry of a closure.
private final class ThreadBody {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

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
