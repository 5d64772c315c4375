import CPlatform
import Glibc
import NotifierDispatch

/// A POSIX thread with a body and a result, registered with RCU and bound to its place while the body runs.
///
/// By its name it is found from outside, in `top -H`, `perf top --sort comm` and /proc.
final class RoleThread<Result: Sendable>: @unchecked Sendable {
    // @unchecked: `result` is written by the thread and read after join, which orders the two.
    private var handle = pthread_t()
    private let body: @Sendable () -> Result
    private let place: Place
    private let name: String
    private var result: Result?

    /// Starts a thread. Of its name Linux keeps 15 bytes.
    init(_ name: String, on place: Place, _ body: @escaping @Sendable () -> Result) {
        self.body = body
        self.place = place
        self.name = name
        let status = pthread_create(
            &handle, nil,
            { context in
                let thread = Unmanaged<AnyRoleThread>.fromOpaque(context!).takeRetainedValue()
                thread.run()
                return nil
            }, Unmanaged<AnyRoleThread>.passRetained(AnyRoleThread(runBody)).toOpaque())
        precondition(status == 0, "pthread_create failed with error \(status)")
    }

    private func runBody() {
        ThisMachine.bindThread(to: place)
        // Behind the binding: who finds a thread by its name finds it bound.
        cplatform_name_thread(name)
        result = RCU.withRegisteredThread { body() }
    }

    /// Waits for the body to end. To be called once.
    func join() -> Result {
        pthread_join(handle, nil)
        guard let result else { fatalError("a role thread ended without a result") }
        return result
    }
}

/// What a C function pointer can carry of a generic thread.
private final class AnyRoleThread {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}
