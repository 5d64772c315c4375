@testable import NotifierDispatch

/// A section that starts on a thread of its own. Its end is the test's affair.
final class StartingSection: Sendable {
    /// What it tore down, in the order of the calls.
    let dropped = OrderedLog<Range<Int>>()
    private let returned = Gate()
    private let thread: RegisteredThread

    init<Scheme: RetryScheme & SectionObserver & ~Copyable>(_ guarded: RetryingGuard<Scheme>, _ pages: Range<Int>) {
        thread = RegisteredThread { [dropped, returned] in
            guarded.start(pages) { dropped.append($0) }
            returned.open()
        }
    }

    /// Whether the start returns, in more time than it needs.
    func starts() -> Bool { eventually { returned.isOpen } }

    /// Whether the start is still under way when it had the time to go wrong.
    func waits() -> Bool { !returned.waitInVain() }

    /// Waits for the start to return. To be called once.
    func join() { thread.join() }
}
