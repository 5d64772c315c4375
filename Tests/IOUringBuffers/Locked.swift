import NotifierDispatch

/// A value behind a pthread mutex, which ThreadSanitizer sees through, as it does not through `Synchronization.Mutex`.
final class Locked<Value>: @unchecked Sendable {
    // @unchecked: the value is only touched with the lock held.
    private let mutex = PthreadMutex()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        mutex.lock()
        defer { mutex.unlock() }
        return body(&value)
    }
}
