import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm
@testable import RecordedEvents

/// Short storms on every guard: the figures mean nothing here, the checks do.
@Suite(.serialized) struct StormTests {
    func settings(_ scenario: Scenario, faulters: Int, invalidators: Int) -> StormSettings {
        var settings = StormSettings(
            scenario: scenario, faulters: faulters, invalidators: scenario.invalidates ? invalidators : 0)
        // The space of `exit` ends every 50 ms.
        settings.windowNanoseconds = scenario.event == .release ? 120_000_000 : 20_000_000
        settings.warmUpNanoseconds = 2_000_000
        return settings
    }

    /// The guards that do not say how long their faults waited.
    static let withoutWaits: Set<String> = [
        "shared-mutex", "ck-rwlock", "ck-pflock", "ck-tflock", "ck-brlock", "ck-bytelock", "ck-rwcohort", "tbb-rw",
        "tbb-queuing-rw",
    ]

    @Test("The built-in guards have the names that results are compared by")
    func guardNames() {
        #expect(
            GuardCatalogue.builtIn.map(\.name)
                == [
                    "unprotected", "mutex", "rwlock", "spin-mutex", "stripe-mutex",
                    "shared-mutex", "ck-rwlock", "ck-pflock", "ck-tflock", "ck-brlock", "ck-bytelock", "ck-rwcohort",
                    "tbb-rw", "tbb-queuing-rw", "invlock", "range-counter", "kvm",
                    "interval", "interval-lockfree", "interval-2m", "interval-2m-lockfree",
                    "striped", "asymmetric", "fenced", "restartable", "adaptive",
                ])
        #expect(GuardCatalogue.builtIn.filter { !$0.isProtected }.map(\.name) == ["unprotected"])
        #expect(
            GuardCatalogue.builtIn.filter(\.needsTargetedUndo).map(\.name) == [
                "mutex", "rwlock", "spin-mutex", "stripe-mutex", "shared-mutex", "ck-rwlock", "ck-brlock", "tbb-rw",
                "tbb-queuing-rw",
            ])
        #expect(
            Scenario.builtIn.map(\.name) == [
                "calm", "steady", "storm", "pressure", "hot", "sweep", "burst", "wide", "exit", "nonblocking", "fanout",
                "churn", "install-cost", "mapping-lock", "long-sections", "crowded", "fault-around", "prefetch",
            ])
        #expect(
            GuardCatalogue.builtIn.filter(\.walksUnlocked).map(\.name) == [
                "unprotected", "invlock", "range-counter", "kvm", "interval", "interval-lockfree", "interval-2m",
                "interval-2m-lockfree", "striped", "asymmetric", "fenced", "restartable", "adaptive",
            ])
    }

    @Test("Every guard in every scenario: work is done, and protected guards show nothing stale")
    func everyCell() throws {
        for (faulters, invalidators) in [(1, 1), (2, 1), (2, 2)] {
            for scenario in Scenario.builtIn {
                for entry in GuardCatalogue.toBeHad where !scenario.hasMappingLock || entry.walksUnlocked {
                    let settings = settings(scenario, faulters: faulters, invalidators: invalidators)
                    let cell = "\(entry.name)/\(scenario.name)/\(faulters)+\(invalidators)"
                    let measurement = try measureUntilWorkIsDone(entry, settings, cell)
                    #expect(measurement.faults > 0, "\(cell)")
                    #expect(measurement.faultsPerSecond > 0, "\(cell)")
                    #expect(measurement.faultLatency.samples > 0, "\(cell)")
                    #expect((0.4...1).contains(measurement.fairness), "\(cell)")
                    let conditions = measurement.conditions
                    let roundTrips = [conditions.coreRoundTripNanoseconds, conditions.coreRoundTripAfterNanoseconds]
                    let hasPeer = settings.threads > 1 && !conditions.isOversubscribed
                    #expect(roundTrips.allSatisfy { ($0 != nil) == hasPeer && $0 ?? 1 > 0 }, "\(cell)")
                    #expect(conditions.isOversubscribed == (settings.threads > ThisMachine.topology.allowedThreadCount))
                    #expect(conditions.threadWindowsNanoseconds > 0, "\(cell)")
                    #expect((Self.invalidations(of: measurement) > 0) == scenario.invalidates, "\(cell)")
                    #expect((measurement.registrationsPerSecond != nil) == (scenario.name == "churn"), "\(cell)")
                    let pagesPerFault = measurement.pagesPerSecond.map { $0 / measurement.faultsPerSecond }
                    // A fault that collides often fills in its page alone.
                    let expected = 1...Double(scenario.pagesPerFault) * 1.001
                    #expect(pagesPerFault.map(expected.contains) ?? (scenario.pagesPerFault == 1), "\(cell)")
                    if scenario.isBlockable { #expect(measurement.wouldBlocks == 0, "\(cell)") }
                    let isMeasured = measurement.longestWaitNanoseconds != nil
                    #expect(isMeasured != Self.withoutWaits.contains(entry.name), "\(cell)")
                }
            }
        }
    }

    /// Runs a cell again with longer windows, up to seconds, while a thread of it had no turn on its core, or lost every
    /// race for a lock that it may not wait for.
    func measureUntilWorkIsDone(
        _ entry: GuardEntry, _ settings: StormSettings, _ cell: String
    ) throws -> StormMeasurement {
        var settings = settings
        while true {
            let measurement = try #require(entry.run(settings, Cancellation()))
            if entry.isProtected { #expect(measurement.staleInstalls == 0, "\(cell)") }
            let isDone =
                measurement.faultLatency.samples > 0 && measurement.faults > 0
                && (settings.invalidators == 0 || Self.invalidations(of: measurement) > 0)
            if isDone || settings.windowNanoseconds > 4_000_000_000 { return measurement }
            settings.windowNanoseconds *= 5
        }
    }

    /// How many were tried: a start that may not wait can fail each time, where faulters leave a lock never free.
    static func invalidations(of measurement: StormMeasurement) -> UInt64 {
        measurement.invalidationLatency.samples + measurement.wouldBlocks
    }

    @Test("Half of the non-blockable starts fail on the second subscriber, and the run goes on")
    func nonblockingFails() throws {
        let entry = try #require(GuardCatalogue.builtIn.first { $0.name == "invlock" })
        var settings = settings(.nonblocking, faulters: 1, invalidators: 1)
        settings.windowNanoseconds = 100_000_000
        for pairing in PairingPolicy.allCases {
            settings.pairing = pairing
            let measurement = try #require(entry.run(settings, Cancellation()))
            #expect(measurement.wouldBlocks > 0)
            #expect(measurement.invalidationLatency.samples > 0)
            #expect(measurement.staleInstalls == 0)
        }
    }

    @Test("A churner registers and unregisters, and both are timed")
    func churnerIsTimed() throws {
        for entry in GuardCatalogue.toBeHad {
            var settings = settings(.churn, faulters: 1, invalidators: 1)
            settings.windowNanoseconds = 100_000_000
            let measurement = try #require(entry.run(settings, Cancellation()))
            let registration = try #require(measurement.registrationLatency)
            let unregistration = try #require(measurement.unregistrationLatency)
            #expect(registration.samples > 0 && registration.samples == unregistration.samples, "\(entry.name)")
            #expect(try #require(measurement.registrationsPerSecond) > 0, "\(entry.name)")
            #expect(try #require(unregistration.maximum) > 0, "\(entry.name)")
        }
    }

    @Test("Faults over ranges without invalidations fill all of their pages in, in both loops and under each guard")
    func faultsFillTheirRangesIn() throws {
        var calm = settings(.calm, faulters: 1, invalidators: 0)
        calm.pagesPerFault = 16
        for entry in GuardCatalogue.toBeHad {
            for arrivals in [nil, ArrivalProcess(perSecond: 10_000, spacing: .fixed)] {
                calm.faultArrivals = arrivals
                let measurement = try #require(entry.run(calm, Cancellation()))
                let pagesPerFault = try #require(measurement.pagesPerSecond) / measurement.faultsPerSecond
                #expect(abs(pagesPerFault - 16) < 1e-6, "\(entry.name)")
            }
        }
        // A stripe that is smaller than what a fault is to fill in.
        calm.guardParameters.stripeSize = try #require(StripeSize(pages: 4))
        let striped = try #require(GuardCatalogue.builtIn.first { $0.name == "striped" })
        let clipped = try #require(striped.run(calm, Cancellation()))
        #expect(abs(try #require(clipped.pagesPerSecond) / clipped.faultsPerSecond - 4) < 1e-6)
    }

    @Test("The unprotected guard shows stale translations where faults fill ranges in")
    func staleRangesAreFound() throws {
        var found = settings(.storm, faulters: 1, invalidators: 1)
        found.pagesPerFault = 512
        found.windowNanoseconds = 50_000_000
        for _ in 0..<40 {
            let measurement = try #require(
                Storm.run(found, cancellation: Cancellation()) { _ in UnprotectedGuard() })
            if measurement.staleInstalls > 0 { return }
        }
        Issue.record("nothing stale in 40 storms without protection")
    }

    @Test("An arrival that lies beyond the warm-up comes in the window")
    func arrivalsOutliveAPhase() throws {
        // The first comes after 400 ms, the second after 800 ms; the window lies between 100 ms and 700 ms.
        let rare = Scenario(name: "rare", arrivals: .paced(perSecond: 2.5))
        var settings = settings(rare, faulters: 1, invalidators: 1)
        settings.warmUpNanoseconds = 100_000_000
        settings.windowNanoseconds = 600_000_000
        let measurement = try #require(
            Storm.run(settings, cancellation: Cancellation()) { _ in UnprotectedGuard() })
        #expect(measurement.invalidationLatency.samples == 1)
    }

    @Test("Faulters go on in each of the space's lives")
    func faultersFollow() throws {
        let exits = Scenario(
            name: "exits", arrivals: .paced(perSecond: 1_000), pagesPerInvalidation: 4_096, placement: .inSteps,
            event: .release, pages: 4_096)
        var settings = settings(exits, faulters: 2, invalidators: 2)
        settings.windowNanoseconds = 200_000_000
        let guards = Counters()
        let measurement = try #require(
            Storm.run(settings, cancellation: Cancellation()) { _ in
                guards.made.wrappingAdd(1, ordering: .relaxed)
                return FaultCountingGuard(counters: guards)
            })
        #expect(measurement.staleInstalls == 0)
        #expect(measurement.invalidationLatency.samples > 1)
        #expect(guards.made.load(ordering: .relaxed) > 2)
        // How many lives see a fault depends on who gets a core; a faulter that kept to its first life would see one.
        #expect(guards.used.load(ordering: .relaxed) > settings.faulters)
    }

    @Test("A fault that finds the space gone is not counted as done")
    func deadFaultsAreNotDone() throws {
        var settings = settings(.calm, faulters: 1, invalidators: 0)
        settings.windowNanoseconds = 5_000_000
        let measurement = try #require(Storm.run(settings, cancellation: Cancellation()) { _ in DeadGuard() })
        #expect(measurement.faults == 0)
        #expect(measurement.faultLatency.samples == 0)
    }

    @Test("What a guard that does not measure waits says of its faults is counted, too")
    func unmeasuredRetriesCount() throws {
        var settings = settings(.calm, faulters: 1, invalidators: 0)
        settings.windowNanoseconds = 5_000_000
        func measure(_ outcome: FaultOutcome) throws -> StormMeasurement {
            try #require(Storm.run(settings, cancellation: Cancellation()) { _ in OneOutcomeGuard(outcome) })
        }
        let retried = try measure(FaultOutcome(.installed, retries: 2))
        #expect(abs(retried.retriesPerFault - 2) < 1e-9 && retried.fallbacks == 0)
        #expect(retried.longestWaitNanoseconds == nil)
        let fellBack = try measure(FaultOutcome(.installed, usedFallback: true))
        #expect(fellBack.faults > 0 && fellBack.fallbacks == fellBack.faults)
        #expect(try measure(FaultOutcome(.busy)).faults == 0)
    }

    @Test("A trace is replayed on pages of its own count")
    func replaysATrace() throws {
        let steps = try [(0..<700, InvalidationEvent.unmap), (650..<1300, .protectionPage), (3..<4, .clear)].map {
            TraceStep(nanoseconds: 0, event: $1, range: try #require(InvalidationRange(pages: $0)))
        }
        let scenario = Scenario.replaying(Trace(name: "hand-made", steps: steps, pages: 1300))
        #expect(scenario.name == "trace:hand-made")
        for entry in GuardCatalogue.toBeHad {
            let measurement = try #require(entry.run(settings(scenario, faulters: 1, invalidators: 1), Cancellation()))
            if entry.isProtected { #expect(measurement.staleInstalls == 0, "\(entry.name)") }
            #expect(measurement.invalidationLatency.samples > 0, "\(entry.name)")
        }
    }

    @Test("The faults of a recording are the pages that fault, closed loop or open")
    func replaysRecordedFaults() throws {
        let range = try #require(InvalidationRange(pages: 0..<8))
        let recording = Trace(
            name: "hand-made", steps: [TraceStep(nanoseconds: 0, event: .clear, range: range)],
            faultedPages: [40, 41, 43], pages: 64)
        for rate in [nil, 200_000.0] {
            let seen = SeenPages()
            var settings = settings(.replaying(recording), faulters: 2, invalidators: 1)
            settings.faultArrivals = rate.map { ArrivalProcess(perSecond: $0, spacing: .fixed) }
            let measurement = try #require(
                Storm.run(settings, cancellation: Cancellation()) { _ in SeeingGuard(seen: seen) })
            #expect(measurement.faults > 0)
            #expect(seen.pages.load(ordering: .relaxed) == 1 << 40 | 1 << 41 | 1 << 43)
        }
    }

    @Test("A cancelled repetition gives no measurement, and the next one runs again")
    func cancellation() throws {
        let entry = GuardCatalogue.builtIn[0]
        let cancellation = Cancellation()
        cancellation.raise()
        var long = settings(.storm, faulters: 1, invalidators: 1)
        long.windowNanoseconds = 3_600_000_000_000
        #expect(entry.run(long, cancellation) == nil)
        #expect(entry.run(settings(.storm, faulters: 1, invalidators: 1), Cancellation()) != nil)
    }

    @Test("Jain's index is 1 for equal shares and 1/n where one has everything")
    func jainIndex() {
        #expect(StormMeasurement.jainIndex([5, 5, 5, 5]) == 1)
        #expect(StormMeasurement.jainIndex([8, 0, 0, 0]) == 0.25)
        #expect(StormMeasurement.jainIndex([1, 3]) == 0.8)
        #expect(StormMeasurement.jainIndex([0, 0]) == 1)
        #expect(
            (1...100).allSatisfy { StormMeasurement.jainIndex([1 / Double($0), 1 / Double($0), 1 / Double($0)]) <= 1 })
    }
}

/// What the guards of one run count together.
private final class Counters: Sendable {
    /// Guards, one a life.
    let made = Atomic<Int>(0)
    /// Guards that have installed something.
    let used = Atomic<Int>(0)
}

/// A mutex that says when it is used for the first time.
private final class FaultCountingGuard: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { MutexGuard.capabilities }
    private let mutex = MutexGuard()
    private let isUsed = Atomic<Bool>(false)
    private let counters: Counters

    init(counters: Counters) { self.counters = counters }

    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        let outcome = mutex.fault(at: page, walk: walk, install: install)
        if outcome.status == .installed, !isUsed.exchange(true, ordering: .relaxed) {
            counters.used.wrappingAdd(1, ordering: .relaxed)
        }
        return outcome
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        mutex.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) { mutex.invalidationEnded(invalidation) }

    func markDead() { mutex.markDead() }

    func resetAfterFork() { mutex.resetAfterFork() }
}

/// The pages that some guard has seen a fault at.
private final class SeenPages: Sendable {
    /// A bit for each page below 64.
    let pages = Atomic<UInt64>(0)
}

/// A mutex that notes the pages of its faults.
private final class SeeingGuard: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { MutexGuard.capabilities }
    private let mutex = MutexGuard()
    private let seen: SeenPages

    init(seen: SeenPages) { self.seen = seen }

    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        seen.pages.bitwiseOr(1 << UInt64(page), ordering: .relaxed)
        return mutex.fault(at: page, walk: walk, install: install)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        mutex.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) { mutex.invalidationEnded(invalidation) }

    func markDead() { mutex.markDead() }

    func resetAfterFork() { mutex.resetAfterFork() }
}

/// A guard whose subscription was over from the start.
private final class DeadGuard: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { [] }

    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome { FaultOutcome(.dead) }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func markDead() {}

    func resetAfterFork() {}
}

/// A guard whose faults all end alike. It does not measure waits.
private final class OneOutcomeGuard: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { true }
    static var measuresWaits: Bool { false }
    static var capabilities: SubscriberCapabilities { [] }
    private let outcome: FaultOutcome

    init(_ outcome: FaultOutcome) { self.outcome = outcome }

    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome { outcome }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func markDead() {}

    func resetAfterFork() {}
}

extension GuardCatalogue {
    /// The guards that this process can have.
    static let toBeHad = builtIn.filter { $0.refusal() == nil }
}
