import CPlatform
import Glibc
import NotifierDispatch
import Synchronization

/// A ping-pong over one word between two threads: how far apart their cores are right now. On virtual machines that
/// changes within minutes, and moves results threefold.
final class CoreRoundTrip: Sendable {
    static let durationNanoseconds: UInt64 = 2_000_000
    private static let pieces: UInt64 = 10
    private static let fewestPieces = 5

    /// Even: the first player's turn. Negative: over.
    private let turn = Atomic<Int>(0)

    /// Plays the part of a role thread: the first two play, the others do nothing. Returns the round trip in
    /// nanoseconds on the first thread, `nil` elsewhere.
    func play(threadNumber: Int, clock: TickClock) -> Double? {
        if threadNumber == 0 { return serve(clock: clock) }
        if threadNumber == 1 { answer() }
        return nil
    }

    /// The first player: serves for two milliseconds, and longer only where that is not five pieces. Returns the round
    /// trip in nanoseconds: the median of the pieces' means, since a player that loses its core spoils one of them.
    func serve(clock: TickClock) -> Double {
        // The clock starts with the first answer: the other thread may still be starting.
        turn.store(1, ordering: .relaxed)
        waitWhile(1)
        let end = clock.now() &+ clock.ticks(nanoseconds: Self.durationNanoseconds)
        let pieceTicks = clock.ticks(nanoseconds: Self.durationNanoseconds / Self.pieces)
        var means: [Double] = []
        var current = 2
        repeat {
            let start = clock.now()
            var volleys = 0
            repeat {
                // Relaxed: the word is all there is.
                turn.store(current + 1, ordering: .relaxed)
                waitWhile(current + 1)
                current += 2
                volleys += 1
            } while clock.now() < start &+ pieceTicks
            means.append(Double(clock.now() &- start) * clock.nanosecondsPerTick / Double(volleys))
        } while clock.now() < end || means.count < Self.fewestPieces
        turn.store(-1, ordering: .relaxed)
        return means.sorted()[means.count / 2]
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
