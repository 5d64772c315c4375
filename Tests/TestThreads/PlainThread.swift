import Glibc

/// A POSIX thread that knows nothing of the engine. Tests block, which the threads of Swift's own pool must not.
public final class PlainThread: @unchecked Sendable {
    // @unchecked: `handle` is written once, before anyone else can have the object.

    /// POSIX's name of it.
    public private(set) var handle = pthread_t()

    /// Starts the thread.
    public init(_ body: @escaping @Sendable () -> Void) {
        let status = pthread_create(
            &handle, nil,
            { context in
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Body(run: body)).toOpaque())
        precondition(status == 0, "pthread_create failed with error \(status)")
    }

    /// Waits for the thread to end. To be called once.
    public func join() { pthread_join(handle, nil) }

    /// Leaves the thread to itself: nobody will join it.
    public func detach() { pthread_detach(handle) }

    /// What a C function pointer can carry of a closure.
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
