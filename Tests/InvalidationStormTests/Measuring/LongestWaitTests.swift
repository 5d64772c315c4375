import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

@Suite(.serialized) struct LongestWaitTests {
    private let clock = TickClock.calibrated

    private func settings(_ scenario: Scenario, invalidators: Int) -> StormSettings {
        var settings = StormSettings(scenario: scenario, invalidators: invalidators)
        settings.windowNanoseconds = 100_000_000
        settings.warmUpNanoseconds = 5_000_000
        return settings
    }

    @Test("A slow fault is found though it is not one of those that are timed")
    func untimedFaultIsFound() {
        let clock = clock
        let control = StormControl(threads: 1, windowLengthTicks: clock.ticks(nanoseconds: 100_000_000))
        let device = Device(pageTable: PageTable(pages: 65_536)) { _ in OneSlowFault(number: 1_000, control: control) }
        let lives = RCU.withRegisteredThread { SpaceLives(scenario: .calm, pairing: .targetedUndo, device: device) }
        let thread = RoleThread(number: 0) {
            control.gather()
            let choice = PageChoice(scenario: .calm, seed: 1, stream: 0)
            return Faulter(number: 0, control: control, clock: clock, firstChoice: choice, arrivals: nil)
                .run(on: device) { _ in }
        }
        while !control.allAreReady { usleep(100) }
        control.start(clock: clock)
        control.chooseSampling(faultsPerNanosecond: 1, faulters: 1, clock: clock)
        #expect(control.samplingShift >= 9)
        control.openWindow(clock: clock)
        usleep(100_000)
        control.enter(.coolDown)
        while !control.allHaveLeft { usleep(100) }
        control.enter(.stopped)
        #expect(clock.nanoseconds(thread.join().longestTicks) >= 30_000_000)
        RCU.withRegisteredThread { lives.end() }
    }

    @Test("No timed fault is longer than the longest one", arguments: [nil, ArrivalProcess(perSecond: 10_000)])
    func boundsTheTimed(arrivals: ArrivalProcess?) throws {
        var settings = settings(.storm, invalidators: 1)
        settings.faultArrivals = arrivals
        let measurement = try #require(
            Storm.run(settings, cancellation: Cancellation()) { StripeMutexGuard(pages: $0.pages) })
        #expect(Double(measurement.longestFaultNanoseconds) >= (try #require(measurement.faultLatency.maximum)))
        // By another clock, which may run a little faster.
        let wait = try #require(measurement.longestWaitNanoseconds)
        #expect(measurement.longestFaultNanoseconds + wait / 100 >= wait)
        #expect(measurement.longestStartNanoseconds == nil)
    }

    @Test("A start is timed without its change, where the scenario is about waits")
    func startsAlone() throws {
        var settings = settings(.installCost, invalidators: 1)
        settings.changeNanoseconds = 30_000_000
        let measurement = try #require(
            Storm.run(settings, cancellation: Cancellation()) { _ in UnprotectedGuard() })
        let whole = try #require(measurement.longestInvalidationNanoseconds)
        #expect(whole >= 30_000_000)
        #expect(try #require(measurement.longestStartNanoseconds) <= whole - 29_000_000)
    }

    @Test("A start that was waiting when the window opened counts from then on")
    func startBeforeTheWindow() throws {
        var settings = settings(.installCost, invalidators: 1)
        // Long enough for the start to begin in it on a busy machine. In an open loop none of it is left out.
        settings.warmUpNanoseconds = 400_000_000
        settings.faultArrivals = ArrivalProcess(perSecond: 1_000)
        let slow = SlowFirstStart(milliseconds: 1_200)
        let measurement = try #require(Storm.run(settings, cancellation: Cancellation()) { _ in slow })
        let longest = try #require(measurement.longestStartNanoseconds)
        #expect(longest >= 10_000_000)
        #expect(longest < slow.slept.load(ordering: .relaxed))
    }
}

/// Lets everything through; the fault of one number behind the opening of the window takes 30 ms.
private final class OneSlowFault: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { false }
    static var capabilities: SubscriberCapabilities { [] }
    private let number: Int
    private let control: StormControl
    private let faults = Atomic<Int>(0)

    init(number: Int, control: StormControl) {
        self.number = number
        self.control = control
    }

    func fault<Translation>(at page: Int, walk: () -> Translation?, install: (Translation) -> Void) -> FaultOutcome {
        if control.phase == .window, faults.wrappingAdd(1, ordering: .relaxed).newValue == number { usleep(31_000) }
        guard let translation = walk() else { return FaultOutcome(.absent) }
        install(translation)
        return FaultOutcome(.installed)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        teardown(invalidation.range)
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func markDead() {}
    func resetAfterFork() {}
}

/// Lets everything through; its first start sleeps.
private final class SlowFirstStart: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { false }
    static var capabilities: SubscriberCapabilities { [] }
    private let milliseconds: UInt32
    private let hasStarted = Atomic<Bool>(false)
    /// How long the sleep took, in nanoseconds.
    let slept = Atomic<UInt64>(0)

    init(milliseconds: UInt32) { self.milliseconds = milliseconds }

    func fault<Translation>(at page: Int, walk: () -> Translation?, install: (Translation) -> Void) -> FaultOutcome {
        guard let translation = walk() else { return FaultOutcome(.absent) }
        install(translation)
        return FaultOutcome(.installed)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        if !hasStarted.exchange(true, ordering: .relaxed) {
            let start = MonotonicClock.now()
            usleep(milliseconds * 1_000)
            slept.store(MonotonicClock.now() - start, ordering: .relaxed)
        }
        teardown(invalidation.range)
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func markDead() {}
    func resetAfterFork() {}
}
