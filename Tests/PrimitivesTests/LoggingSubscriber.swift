import CPrimitiveFloors
import NotifierDispatch

/// A subscriber that writes down what it is called for, on either side. One thread calls it.
final class LoggingSubscriber: InvalidationSubscriber, @unchecked Sendable {
    // @unchecked: `log` and what it holds stay on the test's thread.

    /// What was called, and whose it was.
    enum Call: Equatable {
        case start(Int)
        case end(Int)
    }

    /// The calls to several subscribers, in their order.
    final class Log {
        private var calls: [Call] = []

        func append(_ call: Call) { calls.append(call) }

        /// The calls since the last time.
        func take() -> [Call] {
            defer { calls = [] }
            return calls
        }
    }

    private let log: Log
    private let number: Int
    private let answer: StartResponse

    /// One that always answers the same.
    init(number: Int, answer: StartResponse, log: Log) {
        self.number = number
        self.answer = answer
        self.log = log
    }

    var capabilities: SubscriberCapabilities { [.receivesEnd, .mayWouldBlock] }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        log.append(.start(number))
        return answer
    }

    func invalidationEnded(_ invalidation: Invalidation) { log.append(.end(number)) }

    func released() {}

    /// The same calls, as a floor makes them.
    static var floor: floor_subscriber {
        floor_subscriber(
            start: { address, what in
                let invalidation = what.pointee.invalidation
                let answer = LoggingSubscriber.at(address).invalidationStarted(invalidation)
                return answer == .done ? floor_done : floor_would_block
            },
            end: { address, what in
                LoggingSubscriber.at(address).invalidationEnded(what.pointee.invalidation)
            },
            released: { _ in })
    }

    private static func at(_ address: UnsafeMutableRawPointer) -> LoggingSubscriber {
        Unmanaged.fromOpaque(address).takeUnretainedValue()
    }
}
