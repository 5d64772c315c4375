@testable import NotifierDispatch

/// What happened on any thread, in the order in which it came.
final class OrderedLog<Call: Equatable & Sendable>: @unchecked Sendable {
    // @unchecked: `entries` is only touched with the mutex held.
    private let mutex = PthreadMutex()
    private var entries: [Call] = []

    func append(_ call: Call) {
        mutex.lock()
        entries.append(call)
        mutex.unlock()
    }

    /// The calls since the last time this was asked.
    func take() -> [Call] {
        mutex.lock()
        defer { mutex.unlock() }
        defer { entries = [] }
        return entries
    }
}
