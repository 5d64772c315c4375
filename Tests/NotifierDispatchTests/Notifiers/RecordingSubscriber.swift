import Glibc
import Testing

@testable import NotifierDispatch

/// A subscriber that counts and logs what it is told, and answers as it was set up to.
final class RecordingSubscriber: InvalidationSubscriber, @unchecked Sendable {
    // @unchecked: the variables are set up before the subscriber is registered, and only read from then on.

    var name = 0
    var capabilities: SubscriberCapabilities = .receivesEnd
    var log: CallLog?
    /// Answers a start.
    var answer: @Sendable (Invalidation) -> StartResponse = { _ in .done }
    /// Runs inside the end.
    var onEnd: @Sendable (Invalidation) -> Void = { _ in }
    /// Runs inside the release, before it is counted.
    var onReleased: @Sendable () -> Void = {}
    /// Counts this object's own end.
    var deaths: EventCounter?

    /// Starts that were answered with done.
    let starts = EventCounter()
    let failedStarts = EventCounter()
    let ends = EventCounter()
    let releases = EventCounter()

    init() {}

    deinit { deaths?.count() }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        log?.append(.start(name))
        let response = answer(invalidation)
        (response == .done ? starts : failedStarts).count()
        return response
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        log?.append(.end(name))
        onEnd(invalidation)
        ends.count()
    }

    func released() {
        log?.append(.released(name))
        onReleased()
        releases.count()
    }

    /// Subscribers in the order of their addresses, named 0, 1, 2, ... in that order.
    static func inAddressOrder(_ count: Int, log: CallLog? = nil) -> [RecordingSubscriber] {
        let subscribers = (0..<count).map { _ in RecordingSubscriber() }
            .sorted { ObjectIdentifier($0) < ObjectIdentifier($1) }
        for (name, subscriber) in subscribers.enumerated() {
            subscriber.name = name
            subscriber.log = log
        }
        return subscribers
    }
}

/// The calls that several subscribers got, in the order in which they came.
final class CallLog: @unchecked Sendable {
    // @unchecked: `entries` is only touched with the mutex held.
    enum Call: Equatable {
        case start(Int)
        case end(Int)
        case released(Int)
    }

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
