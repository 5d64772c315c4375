import Glibc

/// A POSIX thread that knows nothing of the engine.
final class PlainThread: @unchecked Sendable {
    // @unchecked: `handle` is written once, before anyone else can have the object.
    private(set) var handle = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let status = pthread_create(
            &handle, nil,
            { context in
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Body(run: body)).toOpaque())
        precondition(status == 0, "pthread_create failed with error \(status)")
    }

    /// Waits for the thread to end. To be called once.
    func join() { pthread_join(handle, nil) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
