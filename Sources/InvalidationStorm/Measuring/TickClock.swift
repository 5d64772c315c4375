import CPlatform
import Glibc
import NotifierDispatch

/// The clock of the timed operations: the processor's time stamp counter where it runs at one rate on all cores, else
/// the kernel's monotonic clock.
public struct TickClock: Sendable {
    /// Whether ticks are the processor's.
    public let usesTimeStampCounter: Bool
    /// The length of a tick in nanoseconds.
    public let nanosecondsPerTick: Double
    /// What taking one pair of fenced time stamps costs, in nanoseconds: the median of many.
    public private(set) var pairCostNanoseconds: Double = 0

    /// This machine's clock, calibrated against CLOCK_MONOTONIC_RAW on first use, which takes 20 ms.
    public static let calibrated = TickClock()

    private init() {
        usesTimeStampCounter = cplatform_ticks_are_invariant() != 0
        if usesTimeStampCounter {
            let (startTicks, start) = (cplatform_ticks(), Self.rawNanoseconds())
            usleep(20_000)
            let (endTicks, end) = (cplatform_ticks(), Self.rawNanoseconds())
            nanosecondsPerTick = Double(end - start) / Double(endTicks - startTicks)
        } else {
            nanosecondsPerTick = 1
        }
        // One pair's cost lies below the counter's step on some machines, so pairs are timed in hundreds.
        let costs = (0..<101).map { _ in
            let start = fencedNow()
            var last = start
            for _ in 0..<200 { last = fencedNow() }
            return Double(last &- start) * nanosecondsPerTick / 100
        }
        pairCostNanoseconds = costs.sorted()[50]
    }

    /// A time stamp in ticks.
    @inlinable @inline(__always)
    public func now() -> UInt64 { usesTimeStampCounter ? cplatform_ticks() : MonotonicClock.now() }

    /// A time stamp in ticks on either side of a short operation: what comes before it is over, what comes after it has
    /// not begun.
    @inlinable @inline(__always)
    public func fencedNow() -> UInt64 { usesTimeStampCounter ? cplatform_ticks_fenced() : MonotonicClock.now() }

    /// A number of ticks in nanoseconds.
    @inlinable
    public func nanoseconds(_ ticks: UInt64) -> UInt64 { UInt64(Double(ticks) * nanosecondsPerTick) }

    /// A number of nanoseconds in ticks.
    public func ticks(nanoseconds: UInt64) -> UInt64 { UInt64(Double(nanoseconds) / nanosecondsPerTick) }

    /// A time in seconds as a real number of ticks.
    func ticks(inSeconds seconds: Double) -> Double { seconds * 1_000_000_000 / nanosecondsPerTick }

    private static func rawNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// A piece of work of a fixed length, done by spinning on the clock: a page-table walk, the change of pages, or
/// an install.
public struct Delay: Sendable {
    @usableFromInline
    let clock: TickClock
    @usableFromInline
    let ticks: UInt64

    /// No time.
    public static let none = Delay(nanoseconds: 0, clock: .calibrated)

    @usableFromInline
    init(nanoseconds: UInt64, clock: TickClock) {
        self.clock = clock
        ticks = clock.ticks(nanoseconds: nanoseconds)
    }

    @inlinable @inline(__always)
    func spend() {
        if ticks != 0 { spin() }
    }

    @usableFromInline @inline(never)
    func spin() {
        let end = clock.now() &+ ticks
        while clock.now() < end { cplatform_spin_hint() }
    }
}
