@testable import InvalidationStorm
@testable import NotifierDispatch

/// Values that threads hand in, in the order in which they come. Under a POSIX mutex, which ThreadSanitizer knows.
final class Gathered<Value: Sendable>: @unchecked Sendable {
    // @unchecked: `list` is only touched with `turn` held.
    private let turn = PthreadMutex()
    private var list: [Value] = []

    func add(_ value: Value) {
        turn.lock()
        defer { turn.unlock() }
        list.append(value)
    }

    var values: [Value] {
        turn.lock()
        defer { turn.unlock() }
        return list
    }
}
