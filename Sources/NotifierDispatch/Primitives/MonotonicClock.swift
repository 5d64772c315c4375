import CPlatform
import Glibc

/// The kernel's monotonic clock. For slow paths: a reading costs about 20 ns.
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary start; never goes back.
    public static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// An absolute point on ``MonotonicClock``, so that several waits in a row share one budget.
public struct Deadline: Sendable, BitwiseCopyable {
    /// The point, in nanoseconds of ``MonotonicClock``.
    public let nanoseconds: UInt64

    /// The point `nanoseconds` from now; saturates at ``never``.
    public static func after(nanoseconds: UInt64) -> Deadline {
        let (sum, overflow) = MonotonicClock.now().addingReportingOverflow(nanoseconds)
        return Deadline(nanoseconds: overflow ? .max : sum)
    }

    /// No limit.
    public static let never = Deadline(nanoseconds: .max)

    /// Whether the point lies in the past.
    public var hasPassed: Bool { nanoseconds != .max && MonotonicClock.now() >= nanoseconds }

    @usableFromInline
    init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
}

/// How a thread waits for something short. First it spins with the processor's hint, then it yields its core, and at
/// last it sleeps each time.
///
/// If there are more threads than cores, spinning alone would starve the thread that it waits for. If the waiting
/// thread has a real-time priority, yielding would, too: `sched_yield` goes to threads of its own priority only. A
/// thread that sleeps lets every other one run.
@usableFromInline
package struct Backoff {
    @usableFromInline
    static let spinLimit = 128
    /// Yields before the first sleep: some 100 microseconds, if no other thread wants the core.
    static let yieldLimit = 256
    /// How long a sleep is, in nanoseconds; the kernel adds its timer slack.
    private static let sleepNanoseconds = 50_000

    @usableFromInline
    var pauses = 0

    @usableFromInline
    package init() {}

    @usableFromInline
    package mutating func pause() {
        pauses += 1
        if pauses <= Self.spinLimit {
            cplatform_spin_hint()
        } else if pauses <= Self.spinLimit + Self.yieldLimit {
            sched_yield()
        } else {
            var time = timespec(tv_sec: 0, tv_nsec: Self.sleepNanoseconds)
            nanosleep(&time, nil)
        }
    }
}
