@testable import NotifierDispatch

/// A fault on a thread of its own that is kept inside its install until it is told to go on.
final class HeldInstall: Sendable {
    private let mayGoOn = Gate()
    private let thread: RegisteredThread

    /// Returns when the fault is inside. It must get there without help.
    init<Scheme: RetryScheme & ~Copyable>(_ guarded: RetryingGuard<Scheme>, at page: Int) {
        let isInside = Gate()
        thread = RegisteredThread { [mayGoOn] in
            guarded.fault(at: page) {
                isInside.open()
                mayGoOn.wait()
            }
        }
        precondition(eventually { isInside.isOpen }, "a fault at page \(page) did not come to its install")
    }

    /// Lets it install, and waits for it. To be called once.
    func finish() {
        mayGoOn.open()
        thread.join()
    }
}
