import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("Faults in steps")
struct FaultInStepsTests {
    /// Runs `test` with each kind of retrying guard, made for 1,024 pages of a space of its own.
    private func withEachGuard(_ test: some StepsTest) throws {
        let pages = CachedPages.count
        let budget = RetryBudget(collisions: 2, nanoseconds: .max, fallbackNanoseconds: 1_000_000)
        try RCU.withRegisteredThread {
            var space: AddressSpace { AddressSpace() }
            try test.run(space) { InvLockGuard(space: $0, budget: budget) }
            try test.run(space) { RangeCounterGuard(space: $0, budget: budget) }
            try test.run(space) { KVMGuard(space: $0, budget: budget) }
            try test.run(space) { IntervalGuard(space: $0, pages: pages, budget: budget) }
            try test.run(space) { IntervalStripeLockFreeGuard(space: $0, pages: pages, budget: budget) }
            try test.run(space) { StripedGuard(space: $0, pages: pages, budget: budget) }
            try test.run(space) { AsymmetricGuard(space: $0, pages: pages, budget: budget) }
            try test.run(space) { FencedGuard(space: $0, pages: pages, budget: budget) }
            try test.run(space) { AdaptiveGuard(space: $0, pages: pages, budget: budget) }
            guard RestartableSequences.refusal == nil else { return }
            try test.run(space) { RestartableGuard(space: $0, pages: pages, budget: budget) }
            try test.run(space) { AdaptiveRestartingGuard(space: $0, pages: pages, budget: budget) }
        }
    }

    @Test("A fault without a section between its steps installs, and its ticket survives as bytes")
    func undisturbed() throws {
        struct Undisturbed: StepsTest {
            func check<Scheme: RetryScheme & ~Copyable>(_ fault: SteppedFault<Scheme>) throws {
                let ticket = try #require(fault.begin())
                withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { bytes in
                    bytes.storeBytes(of: ticket, as: Scheme.Ticket.self)
                    let copy = bytes.load(as: Scheme.Ticket.self)
                    #expect(!fault.hasCollided(copy))
                    #expect(fault.install(42, copy))
                }
                #expect(fault.slot == 42)
            }
        }
        try withEachGuard(Undisturbed())
    }

    @Test("A section between begin and install is seen by the hint, and the install is refused")
    func collision() throws {
        struct Collision: StepsTest {
            func check<Scheme: RetryScheme & ~Copyable>(_ fault: SteppedFault<Scheme>) throws {
                let ticket = try #require(fault.begin())
                let section = try opened(fault.space.invalidateRangeStart(.blockable(510..<514)))
                #expect(fault.begin() == nil)
                #expect(fault.hasCollided(ticket))
                #expect(!fault.install(1, ticket))
                fault.space.invalidateRangeEnd(section)
                #expect(fault.hasCollided(ticket))
                #expect(!fault.install(2, ticket))
                #expect(fault.slot == 0)
            }
        }
        try withEachGuard(Collision())
    }

    @Test("After its budget a fault claims its pages, and the end of its retries gives the claim back")
    func fallback() throws {
        struct Fallback: StepsTest {
            func check<Scheme: RetryScheme & ~Copyable>(_ fault: SteppedFault<Scheme>) throws {
                var retries = fault.makeRetries(collisions: 0)
                for collision in 1...3 {
                    let begun = fault.begin(&retries)
                    let ticket = try #require(begun)
                    #expect(fault.isClaimed == (collision == 3))
                    #expect(fault.space.startsAndEnds(.nonBlockable(510..<514)))
                    #expect(!fault.install(1, ticket))
                    retries.collided()
                }
                let begun = fault.begin(&retries)
                let ticket = try #require(begun)
                #expect(fault.install(7, ticket))
                #expect(fault.isClaimed)
                fault.endRetries(retries)
                #expect(!fault.isClaimed)
                #expect(fault.slot == 7)
            }
        }
        try withEachGuard(Fallback())
    }

    @Test("A begin that a section keeps out to the end is busy, one after the subscription dead")
    func over() throws {
        struct Over: StepsTest {
            func check<Scheme: RetryScheme & ~Copyable>(_ fault: SteppedFault<Scheme>) throws {
                var retries = fault.makeRetries(collisions: 2)
                let section = try opened(fault.space.invalidateRangeStart(.nonBlockable(510..<514)))
                var hasBegun = fault.begin(&retries) != nil
                #expect(!hasBegun)
                #expect(retries.status == .busy)
                fault.space.invalidateRangeEnd(section)
                fault.endRetries(retries)
                #expect(!fault.isClaimed)
                let ticket = try #require(fault.begin())
                fault.unregister()
                #expect(!fault.install(1, ticket))
                retries = fault.makeRetries(collisions: 1)
                hasBegun = fault.begin(&retries) != nil
                #expect(!hasBegun)
                #expect(retries.status == .dead)
                fault.endRetries(retries)
            }
        }
        try withEachGuard(Over())
    }
}

/// What is tested with each kind of guard.
private protocol StepsTest {
    func check<Scheme: RetryScheme & ~Copyable>(_ fault: SteppedFault<Scheme>) throws
}

extension StepsTest {
    func run<Scheme: RetryScheme & ~Copyable>(
        _ space: AddressSpace, _ make: (AddressSpace) -> RetryingGuard<Scheme>
    ) throws {
        try check(try SteppedFault(space, make(space)))
    }
}

/// A fault of one page, step by step.
private final class SteppedFault<Scheme: RetryScheme & ~Copyable> {
    let space: AddressSpace
    private let translationGuard: RetryingGuard<Scheme>
    private let subscription: CacheSubscription
    private let word = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)
    private let page = 512

    init(_ space: AddressSpace, _ translationGuard: RetryingGuard<Scheme>) throws {
        self.space = space
        self.translationGuard = translationGuard
        let cache = RecordingCache(translationGuard, owner: nil, pages: CachedPages())
        subscription = try space.register(cache, over: .of(0..<CachedPages.count))
        word.initialize(to: Atomic(0))
    }

    deinit {
        word.deinitialize(count: 1)
        word.deallocate()
    }

    var slot: UInt64 { word.pointee.load(ordering: .acquiring) }
    var isClaimed: Bool { space.sections.gate.isClaimed }
    func begin() -> Scheme.Ticket? { translationGuard.beginIfIdle(at: page) }
    func begin(_ retries: inout FaultRetries) -> Scheme.Ticket? { translationGuard.begin(at: page, &retries) }
    func makeRetries(collisions: UInt32) -> FaultRetries { translationGuard.makeRetries(collisions: collisions) }
    func hasCollided(_ ticket: Scheme.Ticket) -> Bool { translationGuard.hasCollided(ticket, at: page) }
    func install(_ value: UInt64, _ ticket: Scheme.Ticket) -> Bool {
        translationGuard.install(value, into: word, ticket, at: page)
    }
    func endRetries(_ retries: FaultRetries) { translationGuard.endRetries(retries) }
    func unregister() { space.unregister(subscription) }
}
