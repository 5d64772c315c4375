import Glibc
import Testing

@testable import NotifierDispatch

/// Stripes of two pages, sections over more than one stripe wide, and a bias that comes back after a few faults: all that
/// a guard does rarely, often.
@Suite("Guards with small stripes, under load")
struct SmallStripesStressTests {
    /// Six stripes.
    private static let hot = 500..<512
    /// Few collisions, so that the fallback is taken too.
    private static let budget = RetryBudget(collisions: 3)

    private func storm(
        _ translationGuard: any TranslationGuard, of space: AddressSpace,
        watching watch: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        let pages = GuardedPages(space: space) { _ in translationGuard }
        _ = try pages.subscribe()
        let installed = EventCounter()
        let collided = EventCounter()
        let changed = EventCounter()
        runThreads(4) { number in
            var random = SeededRandom(seed: number)
            for _ in 0..<1_500 {
                let page = Int.random(in: Self.hot, using: &random)
                if number < 2 {
                    // Some at a stretch, so that a stripe that lost its bias has quiet times.
                    for _ in 0..<4 {
                        let pauses = random.oneIn(4)
                        let outcome = pages.fault(at: page, pausing: pauses, asWord: random.oneIn(2))
                        if outcome.status == .installed { installed.count() }
                        if outcome.retries > 0 { collided.count() }
                    }
                    watch(page)
                    continue
                }
                if random.oneIn(2) { usleep(40) }
                let end = min(page + 1 + Int.random(in: 0..<6, using: &random), Self.hot.upperBound)
                guard random.oneIn(4), let section = pages.space.invalidateRangeStart(.blockable(page..<end)) else {
                    if pages.invalidate(page..<end) { changed.count() }
                    watch(page)
                    continue
                }
                // Nested, narrow or wide in narrow or wide.
                let inner = Int.random(in: Self.hot, using: &random)
                pages.invalidate(inner..<min(inner + 3, Self.hot.upperBound))
                pages.change(page..<end)
                pages.checkNothingVisible(page..<end)
                pages.space.invalidateRangeEnd(section)
                changed.count()
            }
        }
        pages.checkAgainstPageTable()
        #expect(pages.stale.value == 0)
        #expect(installed.value > 0)
        #expect(collided.value > 0)
        #expect(changed.value > 0)
        #expect(Self.hot.allSatisfy { pages.fault(at: $0).status == .installed })
        #expect(pages.stale.value == 0)
    }

    @Test("Invariant 8: striped lets nothing stale through")
    func striped() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let scheme = StripedScheme(pages: GuardedPages.count, stripeSize: StripeSize(shift: 1), wideBound: 1)
            try storm(StripedGuard(scheme: scheme, space: space, budget: Self.budget), of: space)
        }
    }

    @Test("Invariant 8: asymmetric lets nothing stale through", arguments: ProcessBarrier.variants)
    func asymmetric(barrier: ProcessBarrier) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let scheme = AsymmetricScheme(
                pages: GuardedPages.count, stripeSize: StripeSize(shift: 1), barrier: barrier)
            try storm(AsymmetricGuard(scheme: scheme, space: space, budget: Self.budget), of: space)
        }
    }

    @Test("Invariant 8: fenced lets nothing stale through")
    func fenced() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let scheme = FencedScheme(pages: GuardedPages.count, stripeSize: StripeSize(shift: 1))
            try storm(FencedGuard(scheme: scheme, space: space, budget: Self.budget), of: space)
        }
    }

    @Test("Invariant 8: restartable lets nothing stale through", .enabled(if: RestartableSequences.refusal == nil))
    func restartable() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let scheme = RestartableScheme(pages: GuardedPages.count, stripeSize: StripeSize(shift: 1))
            try storm(RestartableGuard(scheme: scheme, space: space, budget: Self.budget), of: space)
        }
    }

    @Test(
        "Invariant 8: adaptive lets nothing stale through, while stripes lose their bias and get it back",
        arguments: ProcessBarrier.variants)
    func adaptive(barrier: ProcessBarrier) throws {
        try adaptiveStorm(PublishedInstalls(barrier: barrier))
    }

    @Test(
        "Invariant 8: adaptive by restarting lets nothing stale through, while stripes lose their bias and get it back",
        .enabled(if: RestartableSequences.refusal == nil))
    func adaptiveRestarting() throws { try adaptiveStorm(RestartedInstalls()) }

    private func adaptiveStorm<Installs: UnlockedInstalls & ~Copyable>(_ installs: consuming Installs) throws {
        let space = AddressSpace()
        let adaptive = RetryingGuard(
            scheme: AdaptiveScheme(
                pages: GuardedPages.count, stripeSize: StripeSize(shift: 1), wideBound: 1, biasBudget: 1,
                installs: installs, quietFaults: 3),
            space: space, budget: Self.budget)
        try RCU.withRegisteredThread {
            let changes = BiasChanges { adaptive.biases[$0] }
            try storm(adaptive, of: space) { changes.look(at: $0 / 2) }
            #expect(changes.revocations.value > 0)
            #expect(changes.returns.value > 0)
        }
    }
}

/// What became of the bias of stripes between one look at them and the next.
private final class BiasChanges: @unchecked Sendable {
    // @unchecked: `last` is only touched with the mutex held.
    let revocations = EventCounter()
    let returns = EventCounter()
    private let biasOfStripe: (Int) -> StripeState.Bias
    private let mutex = PthreadMutex()
    private var last: [Int: StripeState.Bias] = [:]

    init(_ biasOfStripe: @escaping (Int) -> StripeState.Bias) { self.biasOfStripe = biasOfStripe }

    func look(at stripe: Int) {
        mutex.lock()
        defer { mutex.unlock() }
        let bias = biasOfStripe(stripe)
        switch (last.updateValue(bias, forKey: stripe), bias) {
        case (.biased, .off), (.biased, .revoking): revocations.count()
        case (.off, .biased), (.revoking, .biased): returns.count()
        default: break
        }
    }
}
