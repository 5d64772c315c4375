import CPlatform
import Glibc
import NotifierDispatch
import Synchronization

/// A ping-pong over one word between two threads: how far apart their cores are right now. On virtual machines that
/// changes within minutes, and moves results threefold.
final class CoreRoundTrip: Sendable {
    static let durationNanoseconds: UInt64 = 2_000_000

    /// Even: the first player's turn. Negative: over.
    private let turn = Atomic<Int>(0)

    /// Plays the part of a role thread: the first two play, the others do nothing. Returns the mean round trip in
    /// nanoseconds on the first thread, `nil` elsewhere.
    func play(threadNumber: Int, clock: TickClock) -> Double? {
        if threadNumber == 0 { return serve(clock: clock) }
        if threadNumber == 1 { answer() }
        return nil
    }

    /// The first player: serves for two milliseconds. Returns the mean round trip in nanoseconds, or `nil` where the
    /// other did not answer once.
    func serve(clock: TickClock) -> Double? {
        // The clock starts with the first answer: the other thread may still be starting.
        turn.store(1, ordering: .relaxed)
        waitWhile(1)
        let start = clock.now()
        let end = start &+ clock.ticks(nanoseconds: Self.durationNanoseconds)
        var volleys = 0
        var current = 2
        while clock.now() < end {
            // Relaxed: the word is all there is.
            turn.store(current + 1, ordering: .relaxed)
            waitWhile(current + 1)
            current += 2
            volleys += 1
        }
        let ticks = clock.now() &- start
        turn.store(-1, ordering: .relaxed)
        return volleys == 0 ? nil : Double(ticks) * clock.nanosecondsPerTick / Double(volleys)
    }

    /// The second player.
    func answer() {
        while case let current = turn.load(ordering: .relaxed), current >= 0 {
            if current % 2 == 1 { turn.store(current + 1, ordering: .relaxed) } else { waitWhile(current) }
        }
    }

    private func waitWhile(_ value: Int) {
        var spins = 0
        while turn.load(ordering: .relaxed) == value {
            spins += 1
            // Both may share a core.
            if spins > 2000 { sched_yield() } else { cplatform_spin_hint() }
        }
    }
}
