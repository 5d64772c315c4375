import CPlatform
import Glibc
import NotifierDispatch
import Synchronization

/// A ping-pong over one word between two threads: how far apart their cores are right now. On virtual machines that
/// changes within minutes, and moves results threefold.
final class CoreRoundTrip: Sendable {
    static let durationNanoseconds: UInt64 = 1_000_000
    private static let pieces: UInt64 = 10
    private static let fewestPieces = 5

    /// Even: the first player's turn. Negative: over.
    private let turn = Atomic<Int>(0)

    /// The result, as the bits of a `Double`.
    private let result = Atomic<UInt64>(0)

    /// How long a round trip took, in nanoseconds; 0 before the game. To be read when the game is over.
    // Relaxed: whoever reads it has joined the thread that served.
    var nanoseconds: Double { Double(bitPattern: result.load(ordering: .relaxed)) }

    /// The first player: serves for a millisecond, and longer only where that is not five pieces. The round trip is the
    /// median of the pieces' means, since a player that loses its core spoils one of them.
    func serve(clock: TickClock) {
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
        result.store(means.sorted()[means.count / 2].bitPattern, ordering: .relaxed)
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
