import CPlatform
import Glibc

extension StormControl {
    /// What becomes of an operation with an intended start.
    @usableFromInline
    enum IntendedStart {
        /// It starts now.
        case reached(nowTicks: UInt64)
        /// It was intended for the time behind the window, which has closed: it never starts.
        case beyondWindow
        /// The thread has fallen too far behind, or the repetition was stopped: it never starts.
        case givenUp
    }

    /// Waits until an operation that should start at `dueTicks` can. Everything that is due before the window closes
    /// starts, also later, so that a stall at its end is not hidden.
    @usableFromInline
    func waitForStart(at dueTicks: UInt64, clock: TickClock) -> IntendedStart {
        guard dueTicks < windowEndTicks else {
            _ = wait(until: windowEndTicks, before: .stopped, clock: clock)
            return .beyondWindow
        }
        guard let now = wait(until: dueTicks, before: .stopped, clock: clock), now < giveUpTicks else {
            return .givenUp
        }
        return .reached(nowTicks: now)
    }

    /// Sleeps through most of a long gap and spins through the rest. Returns the time, `ticks` or later; `nil` where
    /// `phase` begins first.
    @usableFromInline
    func wait(until ticks: UInt64, before phase: Phase, clock: TickClock) -> UInt64? {
        while self.phase < phase {
            let now = clock.now()
            if now >= ticks { return now }
            let gap = clock.nanoseconds(ticks - now)
            if gap > 200_000 {
                var pause = timespec(tv_sec: 0, tv_nsec: Int(min(gap - 150_000, 5_000_000)))
                nanosleep(&pause, nil)
            } else {
                cplatform_spin_hint()
            }
        }
        return nil
    }
}
