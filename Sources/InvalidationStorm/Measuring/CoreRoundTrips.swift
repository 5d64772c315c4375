/// The round trips between the cores of a repetition's threads, at one moment: games of ping-pong between pairs of
/// threads. Up to four threads, every pair plays; of more, each thread plays against its neighbours in a ring, and the
/// first against the one half-way round, so that the time stays the same however many there are.
///
/// Each thread must have a core to itself: a game between threads that share one would measure the scheduler.
final class CoreRoundTrips: Sendable {
    /// A game between two threads, by their numbers in the order of places.
    private struct Game {
        let server: Int
        let answerer: Int
        let roundTrip = CoreRoundTrip()
    }

    private let games: [Game]

    /// For threads with the numbers `0 ..< threads`.
    init(threads: Int) {
        games = Self.pairs(threads: threads).map { Game(server: $0.0, answerer: $0.1) }
    }

    /// The pairs that play, in the order of their games. Each thread plays its games in that order, so none waits for a
    /// player who waits for it; pairs without a common thread play at the same time.
    static func pairs(threads: Int) -> [(Int, Int)] {
        guard threads > 1 else { return [] }
        let evenRing = stride(from: 0, to: threads - 1, by: 2).map { ($0, $0 + 1) }
        let oddRing = stride(from: 1, to: threads - 1, by: 2).map { ($0, $0 + 1) }
        var pairs = evenRing + oddRing
        if threads > 2 { pairs.append((0, threads - 1)) }
        if threads > 3 { pairs.append((0, threads / 2)) }
        if threads == 4 { pairs.append((1, 3)) }
        return pairs
    }

    /// Plays all games of a thread. Every thread must call it once.
    func play(threadNumber: Int, clock: TickClock) {
        for game in games {
            if game.server == threadNumber { game.roundTrip.serve(clock: clock) }
            if game.answerer == threadNumber { game.roundTrip.answer() }
        }
    }

    /// The round trips of all pairs, in nanoseconds. To be read when all threads have played.
    var nanoseconds: [Double] { games.map(\.roundTrip.nanoseconds) }
}
