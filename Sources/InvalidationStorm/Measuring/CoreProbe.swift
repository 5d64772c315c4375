import Synchronization

/// What the cores of a repetition's threads are like at one moment: how far apart they are, and how fast.
///
/// Games of ping-pong between pairs of threads measure the round trips. Up to four threads, every pair plays; of more,
/// each thread plays against its neighbours in a ring, and the first against the one half-way round, so that the time
/// stays the same however many there are. Each thread must have a core to itself: what threads that share one measure is
/// the scheduler.
final class CoreProbe: Sendable {
    /// A game between two threads, by their numbers in the order of places.
    private struct Game {
        let server: Int
        let answerer: Int
        let roundTrip = CoreRoundTrip()
    }

    /// What one thread found, as the bits of a `Double`.
    private final class CoreFound: Sendable {
        let frequency = Atomic<UInt64>(0)
        let additionsPerSecond = Atomic<UInt64>(0)
    }

    private let games: [Game]
    private let found: [CoreFound]

    /// For threads with the numbers `0 ..< threads`.
    init(threads: Int) {
        games = Self.pairs(threads: threads).map { Game(server: $0.0, answerer: $0.1) }
        found = (0..<threads).map { _ in CoreFound() }
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

    /// A thread's part: all its games, then its core's speed, while the other threads are at theirs. Every thread must
    /// call it once.
    func take(threadNumber: Int, clock: TickClock) {
        for game in games {
            if game.server == threadNumber { game.roundTrip.serve(clock: clock) }
            if game.answerer == threadNumber { game.roundTrip.answer() }
        }
        // Relaxed, both: whoever reads them has joined this thread.
        found[threadNumber].additionsPerSecond.store(
            CoreSpeed.additionsPerSecond(clock: clock).bitPattern, ordering: .relaxed)
        found[threadNumber].frequency.store(CoreSpeed.frequency(clock: clock).bitPattern, ordering: .relaxed)
    }

    /// What all threads found. To be read when all are through.
    var readings: CoreReadings {
        CoreReadings(
            roundTripsNanoseconds: games.map(\.roundTrip.nanoseconds),
            frequenciesHertz: found.map { Double(bitPattern: $0.frequency.load(ordering: .relaxed)) },
            additionsPerSecond: found.map { Double(bitPattern: $0.additionsPerSecond.load(ordering: .relaxed)) })
    }
}

/// What a probe of the cores found.
struct CoreReadings {
    /// Of all pairs that played; empty with one thread.
    var roundTripsNanoseconds: [Double] = []
    /// Of each thread's core, the faulters' first.
    var frequenciesHertz: [Double] = []
    /// Of each thread, the faulters' first: additions that do not wait for each other.
    var additionsPerSecond: [Double] = []
}
