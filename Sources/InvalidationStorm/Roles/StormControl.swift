import Glibc
import NotifierDispatch
import Synchronization

/// How the threads of one repetition move together: all ready, warm up, window, until all have left it, stop.
///
///     phase      set when                              faulters and invalidators
///     gathering  at first                              wait
///     warmUp     all are ready                         work, unrecorded
///     window     the warm-up is over: see WarmUp       work, recorded
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
    /// A line for each thread, of which faulters use theirs.
    private let warmUpFaults: UnsafeMutableRawPointer
    private static var lineSize: Int { 128 }
    let threads: Int
    let windowLengthTicks: UInt64

    /// For so many threads, and a window of so many ticks.
    init(threads: Int, windowLengthTicks: UInt64) {
        self.threads = threads
        self.windowLengthTicks = windowLengthTicks
        shared = UnsafeMutableRawPointer.allocate(byteCount: Self.lineSize, alignment: Self.lineSize)
            .assumingMemoryBound(to: Shared.self)
        shared.initialize(to: Shared())
        warmUpFaults = .allocate(byteCount: threads * Self.lineSize, alignment: Self.lineSize)
        for thread in 0..<threads {
            (warmUpFaults + thread * Self.lineSize).initializeMemory(as: Atomic<UInt64>.self, to: Atomic(0))
        }
    }

    deinit {
        for thread in 0..<threads { warmUpCount(of: thread).deinitialize(count: 1) }
        warmUpFaults.deallocate()
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

    /// Adds to the faults that a faulter has done while warming up; called by that faulter alone.
    @usableFromInline
    func countWarmUp(faults: UInt64, by faulter: Int) {
        let count = warmUpCount(of: faulter)
        // Relaxed, both, and not one addition: nobody else writes there, and nothing hangs on it.
        count.pointee.store(count.pointee.load(ordering: .relaxed) &+ faults, ordering: .relaxed)
    }

    private func warmUpCount(of thread: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (warmUpFaults + thread * Self.lineSize).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// One fault in `2^k` is timed: the highest `k` of ``FaultSampling``. Valid from the window on.
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

    /// The faults that all faulters have done while warming up.
    var faultsInWarmUp: UInt64 {
        (0..<threads).reduce(0) { $0 &+ warmUpCount(of: $1).pointee.load(ordering: .relaxed) }
    }

    /// Chooses the sampling for the rate of so many faulters together.
    func chooseSampling(faultsPerNanosecond: Double, faulters: Int, clock: TickClock) {
        let rate = max(1e-12, faultsPerNanosecond)
        let shift = Self.samplingShift(
            nanosecondsPerFault: Double(faulters) / rate,
            faultsInWindow: rate * clock.nanosecondsPerTick * Double(windowLengthTicks),
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
