import Testing

@testable import InvalidationStorm

@Suite struct CoreRoundTripsTests {
    @Test("Up to four threads every pair plays once, of more each neighbour in a ring and one across")
    func pairs() {
        for threads in 0...4 {
            let pairs = CoreRoundTrips.pairs(threads: threads).map { Set([$0.0, $0.1]) }
            #expect(pairs.count == Set(pairs).count && pairs.allSatisfy { $0.count == 2 })
            #expect(pairs.count == threads * max(0, threads - 1) / 2)
        }
        for threads in 5...9 {
            let pairs = CoreRoundTrips.pairs(threads: threads).map { Set([$0.0, $0.1]) }
            let ring = (0..<threads).map { Set([$0, ($0 + 1) % threads]) }
            #expect(pairs.count == threads + 1 && Set(pairs) == Set(ring + [[0, threads / 2]]), "\(threads)")
        }
    }

    @Test("Games without a common thread are next to each other, so that they are played at the same time")
    func order() {
        // The longest chain of games that wait for each other.
        for threads in 4...64 {
            var ends = [Int](repeating: 0, count: threads)
            for (first, second) in CoreRoundTrips.pairs(threads: threads) {
                let end = max(ends[first], ends[second]) + 1
                (ends[first], ends[second]) = (end, end)
            }
            #expect(ends.max()! <= 4, "\(threads)")
        }
    }

    @Test("Every thread plays all its games, and every pair has a round trip", .timeLimit(.minutes(1)))
    func tournament() {
        for threads in 2...5 {
            let trips = CoreRoundTrips(threads: threads)
            let players = (0..<threads).map { number in
                RoleThread(number: number) { trips.play(threadNumber: number, clock: .calibrated) }
            }
            players.forEach { $0.join() }
            #expect(trips.nanoseconds.count == CoreRoundTrips.pairs(threads: threads).count)
            #expect(trips.nanoseconds.allSatisfy { $0 > 0 })
        }
    }
}
