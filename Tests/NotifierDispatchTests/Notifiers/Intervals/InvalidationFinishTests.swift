import Testing

@testable import NotifierDispatch

@Suite("Second passes")
struct InvalidationFinishTests {
    /// A subscriber a range, each with a second pass of its own except those that are `done` at once.
    struct Devices {
        let set: IntervalNotifiers
        let log = IntervalCallLog()
        let finishes: [RecordingFinish]
        let subscribers: [RecordingIntervalSubscriber]

        init(_ count: Int, done: Set<Int> = [], failing: Int? = nil, in set: IntervalNotifiers = .init()) throws {
            self.set = set
            let log = log
            let finishes = (0..<count).map { name in
                let finish = RecordingFinish()
                finish.name = name
                finish.log = log
                return finish
            }
            self.finishes = finishes
            subscribers = try (0..<count).map { name in
                try set.subscriber(over: name..<count) {
                    $0.name = name
                    $0.log = log
                    $0.answer = { invalidation in
                        if name == failing, !invalidation.isBlockable { return .wouldBlock }
                        guard !done.contains(name) else { return .done }
                        return finishes[name].claim() ? .finishLater(finishes[name]) : .done
                    }
                }
            }
        }
    }

    @Test("Invariants 26 and 27: all second passes after the last start, once, in start order, before the return")
    func invariants26And27() throws {
        try RCU.withRegisteredThread {
            let devices = try Devices(5, done: [1, 3])
            for _ in 0..<3 {
                let section = try opened(devices.set.invalidateRangeStart(.blockable(0..<5)))
                #expect(
                    devices.log.take() == (0..<5).map { .start($0) } + [.finish(0), .finish(2), .finish(4)])
                devices.set.invalidateRangeEnd(section)
                #expect(devices.log.take() == [])
            }
        }
    }

    @Test(
        "Invariants 26 and 27: where a later start would block, the passes that are owed run before the return",
        arguments: 0..<4)
    func finishesAfterWouldBlock(failing: Int) throws {
        try RCU.withRegisteredThread {
            let devices = try Devices(4, failing: failing)
            #expect(!devices.set.startsAndEnds(.nonBlockable(0..<4)))
            #expect(
                devices.log.take() == (0...failing).map { .start($0) } + (0..<failing).map { .finish($0) })
            #expect(devices.set.startsAndEnds(.blockable(0..<4)))
            #expect(devices.finishes.map(\.finishes.value) == (0..<4).map { $0 < failing ? 2 : 1 })
        }
    }

    @Test("Invariants 26 and 27: where a blockable start fails, the others' passes run all the same")
    func finishesAfterFailure() throws {
        try RCU.withRegisteredThread {
            let devices = try Devices(3)
            let failing = try devices.set.subscriber(over: 1..<3) { $0.answer = { _ in .wouldBlock } }
            #expect(devices.set.startsAndEnds(.blockable(0..<3)))
            #expect(devices.finishes.map(\.finishes.value) == [1, 1, 1])
            #expect(failing.failedStarts.value == 1)
        }
    }

    @Test("Invariant 27: release runs them too")
    func release() throws {
        try RCU.withRegisteredThread {
            let devices = try Devices(3)
            devices.set.release()
            #expect(devices.log.take() == (0..<3).map { .start($0) } + (0..<3).map { .finish($0) })
        }
    }

    @Test("Invariant 27: readers and the caller wait until the second pass is over")
    func passesAreWaitedFor() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let finish = RecordingFinish()
            let isInside = Gate()
            let mayLeave = Gate()
            let hasStarted = Gate()
            finish.onFinish = { _ in
                isInside.open()
                mayLeave.wait()
            }
            let subscription = try set.subscriber {
                $0.answer = { _ in finish.claim() ? .finishLater(finish) : .done }
            }.subscription
            let invalidator = RegisteredThread {
                guard let section = set.invalidateRangeStart(.blockable()) else { return }
                hasStarted.open()
                set.invalidateRangeEnd(section)
            }
            isInside.wait()
            #expect(subscription.beginsAtOnce() == .busy)
            #expect(!hasStarted.waitInVain())
            mayLeave.open()
            invalidator.join()
            #expect(subscription.beginsAtOnce() == .ticket)
        }
    }

    @Test("Invariant 28: while one invalidation has an object no other one gets it, and afterwards the next one does")
    func invariant28() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let finish = RecordingFinish()
            let refusals = EventCounter()
            let isInside = Gate()
            let mayLeave = Gate()
            finish.onFinish = { _ in
                isInside.open()
                mayLeave.wait()
            }
            _ = try set.subscriber {
                $0.answer = { _ in
                    if finish.claim() { return .finishLater(finish) }
                    refusals.count()
                    return .done
                }
            }
            let first = RegisteredThread { set.startsAndEnds(.blockable()) }
            isInside.wait()
            #expect(set.startsAndEnds(.blockable()))
            #expect(refusals.value == 1)
            mayLeave.open()
            first.join()
            #expect(set.startsAndEnds(.blockable()))
            #expect(refusals.value == 1)
            #expect(finish.finishes.value == 2)
        }
    }

    @Test("Invariant 28: many threads claim one object, and one at a time has it")
    func invariant28Contended() {
        let finish = RecordingFinish()
        let winners = EventCounter()
        runThreads(4) { _ in
            for _ in 0..<1_000 where finish.claim() { winners.count() }
        }
        #expect(winners.value == 1)
    }

    @Test("An object lives until its pass is over, though its subscriber has dropped it")
    func finishesAreHeld() throws {
        final class Droppable: @unchecked Sendable {
            // @unchecked: touched by the one thread that invalidates.
            var finish: RecordingFinish?
        }
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let finishes = EventCounter()
            let droppable = Droppable()
            droppable.finish = RecordingFinish()
            droppable.finish?.onFinish = { _ in finishes.count() }
            weak let observed = droppable.finish
            _ = try set.subscriber {
                $0.answer = { _ in
                    guard let finish = droppable.finish, finish.claim() else { return .done }
                    droppable.finish = nil
                    return .finishLater(finish)
                }
            }
            #expect(set.startsAndEnds(.blockable()))
            #expect(finishes.value == 1)
            #expect(observed == nil)
        }
    }

    @Test("Handing back an object that was not claimed traps")
    func unclaimedTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let set = IntervalNotifiers()
                let finish = RecordingFinish()
                _ = try set.subscriber { $0.answer = { _ in .finishLater(finish) } }
                set.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "a finish object was handed back without claim()") == true)
    }

    @Test("A second pass that does not say how it finishes traps")
    func notOverriddenTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            InvalidationFinish().finish(.blockable())
        }
        #expect(result?.trapped(saying: "override finish(_:)") == true)
    }
}
