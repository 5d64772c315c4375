import CPrimitiveFloors
import Glibc
import NotifierDispatch
import Testing

@testable import primitives

/// Both sides of the pairs of subscriptions to ranges find, call and turn back the same.
@Suite struct IntervalPairTests {
    /// Subscribers that log, one of which fails if any; and their log.
    private func makeField(size: Int, failing: Int? = nil) -> (IntervalField, LoggingIntervalSubscriber.Log) {
        let log = LoggingIntervalSubscriber.Log()
        let field = IntervalField(size: size, floor: LoggingIntervalSubscriber.floor) {
            LoggingIntervalSubscriber(number: $0, isFailing: $0 == failing, log: log, subscription: $1)
        }
        return (field, log)
    }

    @Test(arguments: [true, false], [nil, 2])
    func callsAreTheSame(isBlockable: Bool, failing: Int?) {
        RCU.withRegisteredThread {
            let (field, log) = makeField(size: 20, failing: failing)
            let rounds = 40
            for hits in [0, 1, 3, 20] {
                let pair = IntervalPairs.sections("", isBlockable: isBlockable, hits: hits, in: field)
                let opened = pair.run(.swift, count: rounds)
                let calls = log.take()
                if failing == nil || isBlockable {
                    #expect(opened == rounds)
                    #expect(calls.count == hits * rounds)
                }
                if failing != nil, !isBlockable, hits == 20 { #expect(opened == 0) }
                #expect(pair.run(.c, count: rounds) == opened)
                #expect(log.take() == calls)
            }
        }
    }

    @Test func roundsGoAllOverTheField() {
        RCU.withRegisteredThread {
            let (field, log) = makeField(size: 20)
            _ = IntervalPairs.sections("", hits: 1, in: field).run(.c, count: 400)
            #expect(Set(log.take().map(\.number)) == Set(0..<20))
        }
    }

    @Test func whatIsRemovedIsNotCalledOnBothSides() {
        RCU.withRegisteredThread {
            let stretches = 32
            let (field, log) = makeField(size: 1)
            let everything = floor_invalidation(
                start_page: 0, end_page: Int64(stretches * IntervalField.stride), event: 0, is_blockable: 1)
            var others = (0..<stretches).map { insertOther(inStretch: $0, of: field, log) }
            while !others.isEmpty {
                dispatch(everything, field)
                let calls = log.take()
                #expect(calls.count == 2 * (1 + others.count))
                #expect(calls.prefix(calls.count / 2) == calls.suffix(calls.count / 2))
                // From the middle, where nodes have two children.
                let (subscription, node) = others.remove(at: others.count / 2)
                field.set.remove(subscription)
                floor_interval_set_remove(field.floor.pointer, node)
                free(UnsafeMutableRawPointer(node))
            }
            dispatch(everything, field)
            #expect(log.take().map(\.number) == [0, 0])
        }
    }

    /// Adds one subscription more on either side, in the free pages of a stretch.
    private func insertOther(
        inStretch stretch: Int, of field: IntervalField, _ log: LoggingIntervalSubscriber.Log
    ) -> (IntervalSubscription, OpaquePointer) {
        let range = IntervalField.range(
            from: stretch * IntervalField.stride + 2 * IntervalField.watched, pages: IntervalField.watched)
        let subscription = IntervalSubscription(over: range, in: field.set)
        let subscriber = LoggingIntervalSubscriber(
            number: 100 + stretch, isFailing: false, log: log, subscription: subscription)
        field.set.insertOrTrap(subscription, for: subscriber)
        var functions = LoggingIntervalSubscriber.floor
        let node = floor_interval_node_create(
            Int64(range.startPage), Int64(range.endPage), Floor.address(of: subscriber), &functions)
        floor_interval_set_insert(field.floor.pointer, node)
        return (subscription, node)
    }

    /// One section on either side.
    private func dispatch(_ what: floor_invalidation, _ field: IntervalField) {
        if let section = field.set.invalidateRangeStart(what.invalidation) { field.set.invalidateRangeEnd(section) }
        var what = what
        if floor_interval_set_start(field.floor.pointer, &what) { floor_interval_set_end(field.floor.pointer) }
    }

    @Test func aReaderIsTurnedBackInsideASectionOnBothSides() {
        RCU.withRegisteredThread {
            let (field, _) = makeField(size: 1)
            var what = field.places(hits: 1).first
            for _ in 0..<2 {
                guard let section = field.set.invalidateRangeStart(what.invalidation) else {
                    Issue.record("a blockable start failed")
                    return
                }
                #expect(floor_interval_set_start(field.floor.pointer, &what))
                #expect(undisturbed(field, count: 5) == [0, 0, 0, 0])
                field.set.invalidateRangeEnd(section)
                floor_interval_set_end(field.floor.pointer)
                #expect(undisturbed(field, count: 5) == [5, 5, 5, 5])
            }
        }
    }

    /// How many reads of each kind met no section.
    private func undisturbed(_ field: IntervalField, count: Int) -> [Int] {
        [
            IntervalPairs.beginRetry(field.subscriptions[0], count: count),
            IntervalPairs.beginRetryLockFree(field.subscriptions[0], count: count),
            Int(floor_interval_begin_retry_loop(field.floor.pointer, UInt64(count))),
            Int(floor_interval_begin_retry_lock_free_loop(field.floor.pointer, UInt64(count))),
        ]
    }
}
