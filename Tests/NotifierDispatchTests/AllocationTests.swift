import CAllocationCounter
import Testing

@testable import NotifierDispatch

@Suite("Allocations", .enabled(if: allocation_counter_works() != 0, "sanitizers bring an allocator of their own"))
struct AllocationTests {
    private func allocations(during body: () throws -> Void) rethrows -> UInt64 {
        // Once before: what the runtime sets up on a first call is not the path's.
        try body()
        allocation_counter_start()
        defer { _ = allocation_counter_stop() }
        try body()
        return allocation_counter_stop()
    }

    @Test("The counter counts: an object is an allocation")
    func control() {
        #expect(allocations { _ = EventCounter() } == 1)
    }

    @Test(
        "No fault allocates: undisturbed, on nothing, after a collision, in the fallback",
        arguments: ProtectedGuard.allCases)
    func faults(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: RetryBudget(collisions: 2))
            _ = try pages.subscribe()
            #expect(allocations { _ = pages.fault(at: 510) } == 0)
            #expect(allocations { _ = pages.faultOnNothing(at: 510) } == 0)
            guard !kind.holdsLock else { return }
            var outcome = FaultOutcome(.absent)
            for collisions in 1...2 {
                let count = allocations {
                    outcome = pages.fault(at: 510) { if $0 <= collisions { pages.invalidate(508..<512) } }
                }
                #expect(count == 0)
                #expect(outcome.usedFallback == (collisions == 2))
            }
        }
    }

    @Test("No invalidation allocates: alone, nested, refused", arguments: ProtectedGuard.allCases)
    func invalidations(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            let subscription = try pages.subscribe()
            #expect(allocations { pages.invalidate(508..<516) } == 0)
            #expect(allocations { pages.invalidate(508..<516, isBlockable: false) } == 0)
            if !kind.holdsLock {
                let count = allocations {
                    pages.space.invalidate(.of(508..<512), event: .clear) { _ = pages.invalidate(510..<516) }
                }
                #expect(count == 0)
            }
            let reluctant = RecordingSubscriber()
            reluctant.capabilities = .mayWouldBlock
            reluctant.answer = { $0.isBlockable ? .done : .wouldBlock }
            _ = try pages.space.register(reluctant, behind: subscription)
            var isRefused = true
            #expect(allocations { isRefused = !pages.invalidate(508..<516, isBlockable: false) } == 0)
            #expect(isRefused)
        }
    }

    @Test("A start that call-all refuses allocates nothing: its caller may be the one that is to find memory")
    func refusedByCallAll() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace(pairing: .callAll)
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            subscribers[1].capabilities = .mayWouldBlock
            subscribers[1].answer = { $0.isBlockable ? .done : .wouldBlock }
            for subscriber in subscribers { _ = try space.register(subscriber) }
            var isRefused = true
            #expect(allocations { isRefused = !space.startsAndEnds(.nonBlockable()) } == 0)
            #expect(isRefused)
            #expect(subscribers.map(\.ends.value) == [subscribers[0].starts.value, 0, subscribers[2].starts.value])
        }
    }

    @Test("Neither a revocation allocates, nor a section over many stripes, nor the fault that biases a stripe again")
    func adaptiveGuard() {
        RCU.withRegisteredThread {
            let adaptive = AdaptiveSchemeTests.makeGuard(quietFaults: 1)
            func invalidate(_ pages: Range<Int>) {
                adaptive.start(pages)
                adaptive.end(pages)
            }
            // Twice: revoked, walked over, and biased again before the next time.
            var isBiased = false
            let count = allocations {
                invalidate(2..<6)
                invalidate(2..<14)
                while !adaptive.scheme.budget.isLeft(at: MonotonicClock.now()) {}
                adaptive.fault(at: 5)
                isBiased = adaptive.scheme.striped.stripes.state(of: 1).bias == .biased
            }
            #expect(count == 0)
            #expect(isBiased)
        }
    }

    @Test(
        "A guard with a word for each stripe allocates at most 512 KiB for a million pages",
        arguments: ProtectedGuard.withStripeWords)
    func memory(kind: ProtectedGuard) {
        let space = AddressSpace()
        allocation_counter_start()
        let translationGuard = kind.make(space: space, pages: 1 << 20, budget: RetryBudget())
        _ = allocation_counter_stop()
        withExtendedLifetime(translationGuard) {
            // A line of 128 bytes for each of 2,048 stripes, at least.
            #expect((256 << 10...512 << 10).contains(allocation_counter_bytes()))
        }
    }

    @Test("No dispatch allocates: sixteen in the list, sixty-four intervals with second passes, ages")
    func dispatch() throws {
        final class Device: IntervalSubscriber {
            let subscription: IntervalSubscription
            let finish = Finish()

            init(_ pages: Range<Int>, in space: AddressSpace) {
                subscription = IntervalSubscription(over: .of(pages), in: space)
            }

            func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
                subscription.lock()
                subscription.record(sequence)
                subscription.unlock()
                return finish.claim() ? .finishLater(finish) : .done
            }
        }
        final class Finish: InvalidationFinish, @unchecked Sendable {
            let runs = EventCounter()

            override func finish(_ invalidation: Invalidation) { runs.count() }
        }
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            for _ in 0..<16 { _ = try space.register(RecordingSubscriber()) }
            let devices = (0..<64).map { Device($0 * 4..<$0 * 4 + 4, in: space) }
            for device in devices { try space.insert(device.subscription, for: device) }
            #expect(allocations { _ = space.startsAndEnds(.blockable(0..<256)) } == 0)
            #expect(devices.allSatisfy { $0.finish.runs.value == 2 })
            #expect(allocations { _ = space.clearFlushYoung(.of(0..<4)) || space.testYoung(3) } == 0)
        }
    }
}
