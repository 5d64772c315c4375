import Glibc
import NotifierDispatch
import Synchronization

/// How the threads of one repetition move together: all ready, warm up, window, until all have left it, stop.
///
///     phase      set when                              faulters and invalidators
///     gathering  at first                              wait
///     warmUp     all are ready                         work, unrecorded
///     window     the warm-up time is over              work, recorded
///     coolDown   the window's time is over             work on, unrecorded, so that the others keep their load; those
///                                                      with intended starts first end what was due in the window
///     stopped    all have left the window              leave
public final class StormControl: @unchecked Sendable {
    // @unchecked: atomics behind a pointer that never changes.
    @usableFromInline
    enum Phase: UInt32, AtomicRepresentable, Comparable {
        case gathering, warmUp, window, coolDown, stopped

        @usableFromInline
        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    @usableFromInline
    struct Shared: ~Copyable {
        @usableFromInline
        let phase = Atomic<Phase>(.gathering)
        @usableFromInline
        let samplingShift = Atomic<Int>(0)
        let startTicks = Atomic<UInt64>(0)
        let windowStartTicks = Atomic<UInt64>(0)
    }

    /// On a line of their own: read all the time, written five times.
    private let shared: UnsafeMutablePointer<Shared>
    private let ready = Atomic<Int>(0)
    private let left = Atomic<Int>(0)
    private let warmUpFaults = Atomic<UInt64>(0)
    let threads: Int
    let windowLengthTicks: UInt64

    /// For so many threads, and a window of so many ticks.
    init(threads: Int, windowLengthTicks: UInt64) {
        self.threads = threads
        self.windowLengthTicks = windowLengthTicks
        shared = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128).assumingMemoryBound(to: Shared.self)
        shared.initialize(to: Shared())
    }

    deinit {
        shared.deinitialize(count: 1)
        UnsafeMutableRawPointer(shared).deallocate()
    }

    @usableFromInline
    var phase: Phase { shared.pointee.phase.load(ordering: .acquiring) }

    /// Releasing, and `phase` acquiring: what a phase needs to know is set before it begins.
    func enter(_ phase: Phase) { shared.pointee.phase.store(phase, ordering: .releasing) }

    // MARK: Roles

    /// Says that the calling thread is ready, and waits until all are.
    func gather() {
        ready.wrappingAdd(1, ordering: .relaxed)
        while phase == .gathering { sched_yield() }
    }

    /// Says that the calling thread has left the window.
    @usableFromInline
    func leaveWindow() { left.wrappingAdd(1, ordering: .relaxed) }

    /// Adds to the faults done while warming up, from which the sampling is chosen.
    @usableFromInline
    func countWarmUp(faults: UInt64) { warmUpFaults.wrappingAdd(faults, ordering: .relaxed) }

    /// One fault in `2^k` is timed. Valid from the window on.
    @usableFromInline
    var samplingShift: Int { shared.pointee.samplingShift.load(ordering: .relaxed) }

    /// When the window opened. A thread's window begins here and not when it notices: one that does not get a core has
    /// done nothing meanwhile, and that belongs to its throughput.
    @usableFromInline
    var windowStartTicks: UInt64 { shared.pointee.windowStartTicks.load(ordering: .relaxed) }

    /// When all were ready. Intended starts lie behind it.
    var startTicks: UInt64 { shared.pointee.startTicks.load(ordering: .relaxed) }

    /// When half of the window is over.
    @usableFromInline
    var windowMiddleTicks: UInt64 { windowStartTicks &+ windowLengthTicks / 2 }

    /// When the window closes: what is due from then on does not belong to it.
    @usableFromInline
    var windowEndTicks: UInt64 { windowStartTicks &+ windowLengthTicks }

    /// When a thread that has fallen behind leaves the rest of what was due in the window: one length of it later.
    var giveUpTicks: UInt64 { windowEndTicks &+ windowLengthTicks }

    // MARK: The controller

    /// Lets the threads begin.
    func start(clock: TickClock) {
        shared.pointee.startTicks.store(clock.now(), ordering: .relaxed)
        enter(.warmUp)
    }

    /// Opens the window.
    func openWindow(clock: TickClock) {
        shared.pointee.windowStartTicks.store(clock.now(), ordering: .relaxed)
        enter(.window)
    }

    var allAreReady: Bool { ready.load(ordering: .relaxed) == threads }
    var allHaveLeft: Bool { left.load(ordering: .relaxed) == threads }

    /// Chooses the sampling, from the faults of the warm-up.
    func chooseSampling(faulters: Int, warmUpNanoseconds: UInt64, clock: TickClock) {
        let faults = Double(max(1, warmUpFaults.load(ordering: .relaxed)))
        let warmUp = Double(warmUpNanoseconds)
        let shift = Self.samplingShift(
            nanosecondsPerFault: warmUp * Double(faulters) / faults,
            faultsInWindow: faults / warmUp * clock.nanosecondsPerTick * Double(windowLengthTicks),
            pairCostNanoseconds: clock.pairCostNanoseconds)
        shared.pointee.samplingShift.store(shift, ordering: .relaxed)
    }

    /// One fault in 2^k is timed, so that the clock pair costs at most two per cent of what happens between two of them,
    /// unless more than 512 faults would go by; and half a per cent where the sample still carries a p99.9. The pair's own
    /// cost is not all: it waits for the faults before it, which otherwise overlap.
    static func samplingShift(
        nanosecondsPerFault: Double, faultsInWindow: Double, pairCostNanoseconds: Double
    ) -> Int {
        func cost(_ shift: Int) -> Double { pairCostNanoseconds / (nanosecondsPerFault * Double(1 << shift)) }
        var shift = 0
        while shift < 9, cost(shift) > 0.02 { shift += 1 }
        // A p99.9 stands on 10,000 samples; some more, since the warm-up only says what to expect.
        while cost(shift) > 0.005, faultsInWindow / Double(2 << shift) >= 12_000 { shift += 1 }
        return shift
    }
}
