import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

/// Roles led through their phases by hand, on a guard that stalls for a while when the window opens.
@Suite(.serialized) struct OpenLoopTests {
    let clock = TickClock.calibrated

    func control(windowMilliseconds: UInt64) -> StormControl {
        StormControl(threads: 1, windowLengthTicks: clock.ticks(nanoseconds: windowMilliseconds * 1_000_000))
    }

    /// Leads one thread with `body` through all phases.
    func lead<Result: Sendable>(
        _ control: StormControl, windowMilliseconds: UInt64, _ body: @escaping @Sendable () -> Result
    ) -> Result {
        let thread = RoleThread(number: 0) {
            control.gather()
            return body()
        }
        while !control.allAreReady { usleep(100) }
        control.start(clock: clock)
        usleep(2_000)
        control.openWindow(clock: clock)
        usleep(UInt32(windowMilliseconds) * 1_000)
        control.enter(.coolDown)
        while !control.allHaveLeft { usleep(100) }
        control.enter(.stopped)
        return thread.join()
    }

    /// What a faulter measures whose faults stall when the window opens, or find their cache dead.
    func faults(
        at process: ArrivalProcess?, windowMilliseconds: UInt64, stallMilliseconds: UInt64, diesFirst: Bool = false
    ) -> FaulterTally {
        let control = control(windowMilliseconds: windowMilliseconds)
        let stall = Stall(milliseconds: stallMilliseconds)
        let device = Device(pageTable: PageTable(pages: 4_096)) { _ in
            StallingGuard(faults: stall, areDead: diesFirst)
        }
        let lives = RCU.withRegisteredThread { SpaceLives(scenario: .calm, pairing: .targetedUndo, device: device) }
        defer { RCU.withRegisteredThread { lives.end() } }
        let clock = clock
        return lead(control, windowMilliseconds: windowMilliseconds) {
            let faulter = Faulter(
                number: 0, control: control, clock: clock,
                firstChoice: PageChoice(scenario: .calm.with(pages: 4_096), seed: 1, stream: 0),
                arrivals: process.map {
                    ArrivalTimes($0, thread: 0, of: 1, from: control.startTicks, clock: clock, seed: 1)
                })
            return faulter.run(on: device) { _ in stall.expect() }
        }
    }

    /// What an invalidator measures whose invalidations stall when the window opens.
    func invalidations(
        _ scenario: Scenario, windowMilliseconds: UInt64, stallMilliseconds: UInt64
    ) -> InvalidatorTally {
        let control = control(windowMilliseconds: windowMilliseconds)
        let stall = Stall(milliseconds: stallMilliseconds)
        let device = Device(pageTable: PageTable(pages: scenario.pages)) { _ in
            StallingGuard(invalidations: stall)
        }
        let lives = RCU.withRegisteredThread { SpaceLives(scenario: scenario, pairing: .targetedUndo, device: device) }
        defer { RCU.withRegisteredThread { lives.end() } }
        let clock = clock
        return lead(control, windowMilliseconds: windowMilliseconds) {
            var invalidator = Invalidator(
                control: control, clock: clock,
                arrivals: ArrivalSequence(
                    scenario: scenario, speed: 0, seed: 1, stream: 0, invalidator: 0, of: 1, from: control.startTicks,
                    clock: clock),
                work: SpaceChanges(
                    control: control, clock: clock, space: lives.space, lives: lives, shadow: device.shadow,
                    mappingLock: nil, isBlockable: true, changeDelay: .none, longChanges: nil,
                    longestStartTicks: scenario.isAboutWaits ? 0 : nil))
            return invalidator.run { _ in stall.expect() }
        }
    }

    @Test("A stall is in p99.9 of the open loop, and not in that of the closed one")
    func stallsShow() throws {
        /// What the first window says that holds the 10,000 faults which a p99.9 needs; the stall is an eighth of it. A
        /// sanitizer on a loaded machine may need a longer one.
        func summary(isOpen: Bool) throws -> (stall: Double, latencies: LatencySummary) {
            let summaries = [UInt64(400), 1_600, 6_400].lazy.map { milliseconds in
                let process = ArrivalProcess(perSecond: 16_000_000 / Double(milliseconds), spacing: .fixed)
                let tally = faults(
                    at: isOpen ? process : nil, windowMilliseconds: milliseconds, stallMilliseconds: milliseconds / 8)
                return (Double(milliseconds / 8) * 1e6, tally.latencies.summary(mean: nil))
            }
            return try #require(summaries.first { $0.1.samples >= 10_000 })
        }
        // 16,000 faults, of which the stall delays 2,000, and 16 by all but a hundredth of it.
        let open = try summary(isOpen: true)
        #expect(try #require(open.latencies.p99_9) >= 0.99 * open.stall)
        #expect(try #require(open.latencies.p99) >= 0.9 * open.stall)
        // One after the other: the stall is one fault of 10,000 or more.
        let closed = try summary(isOpen: false)
        #expect(try #require(closed.latencies.maximum) >= closed.stall)
        #expect(try #require(closed.latencies.p99_9) < closed.stall)
    }

    @Test("Every fault that is due in the window is done, also behind its end")
    func faultsBehindTheEnd() throws {
        // The stall ends 100 ms behind the window, and leaves 300 ms for 2,000 faults.
        let tally = faults(
            at: ArrivalProcess(perSecond: 5_000, spacing: .fixed), windowMilliseconds: 400, stallMilliseconds: 500)
        #expect((1_999...2_001).contains(tally.faults))
        #expect(tally.latencies.summary(mean: nil).samples == tally.faults)
        #expect(tally.openLoop?.backlog == 0)
        #expect(clock.nanoseconds(tally.windowTicks) >= 500_000_000)
        // A little less than 100 ms: the stall begins with the first fault.
        #expect(clock.nanoseconds(try #require(tally.openLoop).catchUpTicks) >= 99_000_000)
        #expect(try #require(tally.openLoop).latencyTicks > clock.ticks(nanoseconds: 2_000 * 250_000_000))
    }

    @Test("A faulter that has fallen behind by a window gives up, and says what it left")
    func faultsGivenUp() throws {
        let tally = faults(
            at: ArrivalProcess(perSecond: 5_000, spacing: .fixed), windowMilliseconds: 100, stallMilliseconds: 300)
        #expect(tally.faults <= 1)
        #expect((499...501).contains(tally.faults + (try #require(tally.openLoop).backlog)))
        #expect(clock.nanoseconds(try #require(tally.openLoop).catchUpTicks) >= 99_000_000)
    }

    @Test("While its cache is dead an open loop waits, and that counts")
    func deadCache() throws {
        let tally = faults(
            at: ArrivalProcess(perSecond: 5_000, spacing: .fixed), windowMilliseconds: 400, stallMilliseconds: 100,
            diesFirst: true)
        #expect((1_999...2_001).contains(tally.faults))
        #expect(try #require(tally.latencies.summary(mean: nil).maximum) >= 99_000_000)
    }

    @Test("A closed loop counts what it did before the middle of the window, and has no backlog")
    func closedLoop() {
        let tally = faults(at: nil, windowMilliseconds: 100, stallMilliseconds: 60)
        // The stall takes up the first half: the fault that ends it ends behind the middle.
        #expect(tally.faultsBeforeMiddle == 0)
        #expect(tally.faults > 0)
        #expect(tally.openLoop == nil)
    }

    @Test("Every invalidation that is due in the window is done, also behind its end")
    func invalidationsBehindTheEnd() throws {
        let scenario = Scenario(name: "paced", arrivals: .paced(perSecond: 5_000), pages: 4_096)
        let tally = invalidations(scenario, windowMilliseconds: 400, stallMilliseconds: 500)
        #expect((1_999...2_001).contains(tally.invalidations))
        #expect(tally.backlog == 0)
        #expect(clock.nanoseconds(tally.windowTicks) >= 500_000_000)
        #expect(clock.nanoseconds(tally.longestTicks) >= 500_000_000)
        #expect(clock.nanoseconds(try #require(tally.catchUpTicks)) >= 99_000_000)
        #expect(tally.latencyTicks > clock.ticks(nanoseconds: 2_000 * 250_000_000))
    }

    @Test("In a crowd what was late counts from its actual start, and is done as any other")
    func lateInACrowd() throws {
        let crowd = Scenario.Crowd(faultersPerCore: 1, invalidatorsPerCore: 1)
        let scenario = Scenario(name: "crowd", arrivals: .paced(perSecond: 5_000), crowd: crowd, pages: 4_096)
        let tally = invalidations(scenario, windowMilliseconds: 400, stallMilliseconds: 500)
        #expect((1_999...2_001).contains(tally.invalidations))
        #expect(clock.nanoseconds(tally.longestTicks) >= 500_000_000)
        // Most of them were due during the stall.
        #expect(try #require(tally.latencies.summary(mean: nil).p50) < 250_000_000)
        #expect(tally.latencyTicks < clock.ticks(nanoseconds: 2_000 * 250_000_000))
    }

    @Test("An invalidator that has fallen behind by a window gives up, and says what it left")
    func invalidationsGivenUp() throws {
        let scenario = Scenario(name: "paced", arrivals: .paced(perSecond: 5_000), pages: 4_096)
        let tally = invalidations(scenario, windowMilliseconds: 100, stallMilliseconds: 300)
        #expect(tally.invalidations <= 1)
        #expect((499...501).contains(tally.invalidations + (try #require(tally.backlog))))
        #expect(clock.nanoseconds(try #require(tally.catchUpTicks)) >= 99_000_000)
    }

    @Test("A burst that is due in the window is done to its last")
    func wholeBursts() {
        // One burst, at 10 ms.
        let scenario = Scenario(name: "bursts", arrivals: .bursts(of: 500, perSecond: 100), pages: 4_096)
        let tally = invalidations(scenario, windowMilliseconds: 15, stallMilliseconds: 16)
        #expect(
            tally.invalidations + (tally.backlog ?? 0) == 500 || tally.invalidations + (tally.backlog ?? 0) == 1_000)
    }

    @Test("Each of a burst is due with its first, and its latency counts from then")
    func burstLatencies() throws {
        // One burst, 50 ms behind the start; the stall holds up its first, and all others wait behind that one.
        let scenario = Scenario(name: "bursts", arrivals: .bursts(of: 500, perSecond: 20), pages: 4_096)
        let tally = invalidations(scenario, windowMilliseconds: 80, stallMilliseconds: 20)
        // Two, where the window opened late.
        #expect(tally.invalidations == 500 || tally.invalidations == 1_000)
        #expect(tally.latencyTicks >= 500 * clock.ticks(nanoseconds: 20_000_000))
    }

    @Test("Back to back there is no backlog, and nothing is done behind the end")
    func backToBack() {
        let scenario = Scenario(name: "back-to-back", arrivals: .backToBack, pages: 4_096)
        let tally = invalidations(scenario, windowMilliseconds: 50, stallMilliseconds: 100)
        #expect(tally.backlog == nil && tally.catchUpTicks == nil)
        #expect(tally.invalidations == 1)
        #expect(clock.nanoseconds(tally.longestTicks) >= 100_000_000)
        #expect(tally.latencyTicks == tally.longestTicks)
    }

    @Test("A latency counts from the intended start, the longest invalidation from the actual one")
    func twoStarts() {
        var tally = InvalidatorTally()
        tally.count(true, from: 100, origin: 40, to: 130, clock: clock)
        tally.count(true, from: 130, origin: 120, to: 150, clock: clock)
        tally.count(false, from: 150, origin: 100, to: 900, clock: clock)
        #expect(tally.latencyTicks == 120 && tally.longestTicks == 30)
        #expect(tally.invalidations == 2 && tally.wouldBlocks == 1)
        #expect(tally.latencies.summary(mean: nil).samples == 2)
    }

    @Test("A trend is the second half's rate by the first's, of all faulters, and absent where a half is empty")
    func trend() throws {
        func tally(_ first: UInt64, _ second: UInt64, ticks: UInt64) -> FaulterTally {
            var tally = FaulterTally(measuresWaits: false)
            (tally.faults, tally.faultsBeforeMiddle, tally.windowTicks) = (first + second, first, ticks)
            return tally
        }
        func trend(_ tallies: FaulterTally...) -> Double? { StormMeasurement.trend(tallies, halfWindowTicks: 100) }
        #expect(trend(tally(50, 50, ticks: 200)) == 1)
        #expect(trend(tally(50, 200, ticks: 200)) == 4)
        // A thread that left late had more time for the second half.
        #expect(trend(tally(50, 200, ticks: 300)) == 2)
        #expect(trend(tally(50, 25, ticks: 200), tally(150, 75, ticks: 200)) == 0.5)
        #expect(trend(tally(0, 50, ticks: 200)) == nil)
        #expect(trend(tally(50, 0, ticks: 200)) == nil)
        #expect(try #require(trend(tally(0, 50, ticks: 200), tally(50, 50, ticks: 200))) == 2)
    }

    @Test("Where everything ended before the window did there is nothing to catch up with")
    func nothingLate() {
        // At 100, 200 and 300 ms; the window closes at 352 ms.
        let rare = ArrivalProcess(perSecond: 10, spacing: .fixed)
        let scenario = Scenario.calm.with(pages: 4_096).arriving(rare, invalidators: 1)
        let tally = invalidations(scenario, windowMilliseconds: 350, stallMilliseconds: 0)
        #expect(tally.invalidations == 3 && tally.catchUpTicks == 0)
        let faulter = faults(at: rare, windowMilliseconds: 350, stallMilliseconds: 0)
        #expect(faulter.faults == 3 && faulter.openLoop?.catchUpTicks == 0)
    }

    @Test("A repetition with rare arrivals is cancelled at once", .timeLimit(.minutes(1)))
    func cancelled() {
        let cancellation = Cancellation()
        var settings = StormSettings(
            scenario: .storm.arriving(ArrivalProcess(perSecond: 0.001, spacing: .fixed), invalidators: 1))
        settings.faultArrivals = ArrivalProcess(perSecond: 0.001, spacing: .fixed)
        settings.windowNanoseconds = 3_600_000_000_000
        cancellation.raise()
        #expect(Storm.run(settings, cancellation: cancellation) { _ in UnprotectedGuard() } == nil)
    }

    @Test("Open-loop faulters find each of the space's lives, and all is measured")
    func storms() throws {
        for (name, scenario) in [("mutex", Scenario.exit), ("adaptive", .exit), ("striped", .steady)] {
            let entry = try #require(GuardCatalogue.builtIn.first { $0.name == name })
            var settings = StormSettings(scenario: scenario, faulters: 2, invalidators: 2)
            settings.faultArrivals = ArrivalProcess(perSecond: 10_000)
            settings.windowNanoseconds = 200_000_000
            let measurement = try #require(entry.run(settings, Cancellation()))
            #expect(measurement.staleInstalls == 0)
            #expect(measurement.faults > 0 && measurement.faultLatency.samples == measurement.faults)
            #expect(measurement.samplingShift == 0)
            #expect(measurement.faultTrend == nil)
            // 2,000 on average, standard deviation 45.
            let due = measurement.faults + (try #require(measurement.faultBacklog))
            #expect((1_700...2_300).contains(due))
            #expect(measurement.invalidationBacklog != nil && measurement.invalidationFairness != nil)
            #expect(measurement.invalidationCatchUpNanoseconds != nil && measurement.faultCatchUpNanoseconds != nil)
        }
    }
}

extension Scenario {
    /// The same over so many pages.
    fileprivate func with(pages: Int) -> Scenario { Scenario(name: name, arrivals: arrivals, pages: pages) }
}

/// A time that begins with the first operation behind the opening of a role's window.
private final class Stall: Sendable {
    private let length: UInt64
    private let isExpected = Atomic<Bool>(false)
    private let endTicks = Atomic<UInt64>(0)

    init(milliseconds: UInt64) { length = TickClock.calibrated.ticks(nanoseconds: milliseconds * 1_000_000) }

    /// Lets the next operation begin it.
    func expect() { isExpected.store(true, ordering: .relaxed) }

    /// Whether it is on; begins it where that is expected for the first time.
    var isOn: Bool {
        guard isExpected.load(ordering: .relaxed) else { return false }
        let now = TickClock.calibrated.now()
        if endTicks.load(ordering: .relaxed) == 0 { endTicks.store(now + length, ordering: .relaxed) }
        return now < endTicks.load(ordering: .relaxed)
    }
}

/// A mutex whose faults or invalidations stall.
private final class StallingGuard: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { MutexGuard.capabilities }
    private let mutex = MutexGuard()
    private let faults: Stall?
    private let areDead: Bool
    private let invalidations: Stall?

    /// Where `areDead`, faults do not wait for the stall's end but find their subscription over.
    init(faults: Stall? = nil, areDead: Bool = false, invalidations: Stall? = nil) {
        self.faults = faults
        self.areDead = areDead
        self.invalidations = invalidations
    }

    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        while let faults, faults.isOn {
            if areDead { return FaultOutcome(.dead) }
            usleep(1_000)
        }
        return mutex.fault(at: page, walk: walk, install: install)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        while let invalidations, invalidations.isOn { usleep(1_000) }
        return mutex.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) { mutex.invalidationEnded(invalidation) }

    func markDead() { mutex.markDead() }

    func resetAfterFork() { mutex.resetAfterFork() }
}
