import CPlatform
import Synchronization
import Testing

@testable import NotifierDispatch

/// An install without a lock and a start, on the same page at the same moment, again and again. The fault has begun
/// already: all that is left of it is to look at the word and install, and what it must do before.
@Suite("Installs without a lock, under load", .serialized)
struct InstallsWithoutLockStressTests {
    /// One page a stripe, and each round on a page of its own: its stripe is as new.
    private static let rounds = 20_000

    private final class Meetings: Sendable {
        private let installed = CacheLineArray<Atomic<UInt64>>(count: rounds) { Atomic(0) }
        private let meeting = Meeting()

        // Relaxed, all other stores and loads of what is installed: keeping them apart is the guard's affair.

        func fault<Scheme: RetryScheme & ~Copyable>(_ guarded: RetryingGuard<Scheme>, at page: Int) {
            meeting.meet(at: 2 * page)
            guard let ticket = guarded.scheme.readBeginIfIdle(at: page) else {
                fatalError("no section is open, and page \(page) is not idle")
            }
            meeting.meet(at: 2 * page + 1)
            // Sometimes before the start, sometimes after it, and sometimes in its middle.
            for _ in 0..<page % 64 { cplatform_spin_hint() }
            _ = guarded.scheme.install(1, into: installed[page], ticket, at: page)
        }

        func invalidate<Scheme: RetryScheme & SectionObserver & ~Copyable>(
            _ guarded: RetryingGuard<Scheme>, _ page: Int
        ) {
            meeting.meet(at: 2 * page)
            meeting.meet(at: 2 * page + 1)
            guarded.start(page..<page + 1) { _ in installed[page].pointee.store(0, ordering: .relaxed) }
            guarded.end(page..<page + 1)
        }

        /// How many installs outlived the start that they met.
        var stale: Int { (0..<rounds).count { installed[$0].pointee.load(ordering: .relaxed) != 0 } }
    }

    private func countStale<Scheme: RetryScheme & SectionObserver & ~Copyable>(
        _ guarded: RetryingGuard<Scheme>
    ) -> Int {
        let meetings = Meetings()
        runThreads(2) { side in
            for page in 0..<Self.rounds {
                side == 0 ? meetings.fault(guarded, at: page) : meetings.invalidate(guarded, page)
            }
        }
        return meetings.stale
    }

    @Test(
        "Invariant 8: asymmetric: either the fault sees the raise, or the start the page",
        arguments: ProcessBarrier.variants)
    func asymmetric(barrier: ProcessBarrier) {
        let guarded = AsymmetricGuard(
            AsymmetricScheme(pages: Self.rounds, stripeSize: StripeSize(shift: 0), barrier: barrier))
        #expect(countStale(guarded) == 0)
    }

    @Test("Invariant 8: fenced: the same")
    func fenced() {
        let guarded = FencedGuard(FencedScheme(pages: Self.rounds, stripeSize: StripeSize(shift: 0)))
        #expect(countStale(guarded) == 0)
    }

    @Test(
        "Invariant 8: adaptive: the same in a stripe that is biased, of sections narrow and wide",
        arguments: ProcessBarrier.variants, [1, 0])
    func adaptive(barrier: ProcessBarrier, wideBound: Int) {
        let guarded = AdaptiveGuard(
            AdaptiveScheme(
                pages: Self.rounds, stripeSize: StripeSize(shift: 0), wideBound: wideBound, biasBudget: 1,
                installs: PublishedInstalls(barrier: barrier)))
        #expect(countStale(guarded) == 0)
    }

    @Test(
        "Invariant 8: adaptive by restarting: either the sequence sees the raise, or the teardown what it stored",
        .enabled(if: RestartableSequences.refusal == nil), arguments: [1, 0])
    func adaptiveRestarting(wideBound: Int) {
        let guarded = AdaptiveRestartingGuard(
            AdaptiveScheme(
                pages: Self.rounds, stripeSize: StripeSize(shift: 0), wideBound: wideBound, biasBudget: 1))
        #expect(countStale(guarded) == 0)
    }

    @Test(
        "Invariant 8: restartable: either the sequence sees the raise, or the teardown what it stored",
        .enabled(if: RestartableSequences.refusal == nil))
    func restartable() {
        let guarded = RestartableGuard(RestartableScheme(pages: Self.rounds, stripeSize: StripeSize(shift: 0)))
        #expect(countStale(guarded) == 0)
    }
}
