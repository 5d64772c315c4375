import Glibc
import Testing

@testable import NotifierDispatch

/// A subscriber that counts and logs what it is told, and answers as it was set up to.
final class RecordingSubscriber: InvalidationSubscriber, @unchecked Sendable {
    // @unchecked: the variables are set up before the subscriber is registered, and only read from then on.

    var name = 0
    var capabilities: SubscriberCapabilities = .receivesEnd
    var owner: InvalidationOwner?
    var log: CallLog?
    /// Answers a start.
    var answer: @Sendable (Invalidation) -> StartResponse = { _ in .done }
    /// Runs inside the end.
    var onEnd: @Sendable (Invalidation) -> Void = { _ in }
    /// Runs inside the release, before it is counted.
    var onReleased: @Sendable () -> Void = {}
    /// Answers the questions about age, over the pages that were asked about.
    var isYoung: @Sendable (Range<Int>) -> Bool = { _ in false }
    /// Counts this object's own end.
    var deaths: EventCounter?

    /// Starts that were answered with done.
    let starts = EventCounter()
    let failedStarts = EventCounter()
    let ends = EventCounter()
    let releases = EventCounter()
    let coversStarted = EventCounter()
    let coversEnded = EventCounter()

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

    func coverStarted() {
        log?.append(.coverStarted(name))
        coversStarted.count()
    }

    func coverEnded() {
        log?.append(.coverEnded(name))
        coversEnded.count()
    }

    func clearFlushYoung(_ range: InvalidationRange) -> Bool {
        log?.append(.clearFlushYoung(name))
        return isYoung(range.pages)
    }

    func clearYoung(_ range: InvalidationRange) -> Bool {
        log?.append(.clearYoung(name))
        return isYoung(range.pages)
    }

    func testYoung(_ page: Int) -> Bool {
        log?.append(.testYoung(name))
        return isYoung(page..<page + 1)
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

/// What a subscriber of the list can be told.
enum ListCall: Equatable {
    case start(Int)
    case end(Int)
    case released(Int)
    case coverStarted(Int)
    case coverEnded(Int)
    case clearFlushYoung(Int)
    case clearYoung(Int)
    case testYoung(Int)
}

typealias CallLog = OrderedLog<ListCall>
