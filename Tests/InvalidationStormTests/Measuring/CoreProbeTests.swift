import Testing

@testable import InvalidationStorm

@Suite struct CoreProbeTests {
    @Test("Up to four threads every pair plays once, of more each neighbour in a ring and one across")
    func pairs() {
        for threads in 0...4 {
            let pairs = CoreProbe.pairs(threads: threads).map { Set([$0.0, $0.1]) }
            #expect(pairs.count == Set(pairs).count && pairs.allSatisfy { $0.count == 2 })
            #expect(pairs.count == threads * max(0, threads - 1) / 2)
        }
        for threads in 5...9 {
            let pairs = CoreProbe.pairs(threads: threads).map { Set([$0.0, $0.1]) }
            let ring = (0..<threads).map { Set([$0, ($0 + 1) % threads]) }
            #expect(pairs.count == threads + 1 && Set(pairs) == Set(ring + [[0, threads / 2]]), "\(threads)")
        }
    }

    @Test("Games without a common thread are next to each other, so that they are played at the same time")
    func order() {
        // The longest chain of games that wait for each other.
        for threads in 4...64 {
            var ends = [Int](repeating: 0, count: threads)
            for (first, second) in CoreProbe.pairs(threads: threads) {
                let end = max(ends[first], ends[second]) + 1
                (ends[first], ends[second]) = (end, end)
            }
            #expect(ends.max()! <= 4, "\(threads)")
        }
    }

    @Test("Every thread plays its games and measures its core; every pair has a round trip", .timeLimit(.minutes(1)))
    func tournament() {
        for threads in 1...5 {
            let probe = CoreProbe(threads: threads)
            let players = (0..<threads).map { number in
                RoleThread(number: number) { probe.take(threadNumber: number, clock: .calibrated) }
            }
            players.forEach { $0.join() }
            let readings = probe.readings
            #expect(readings.roundTripsNanoseconds.count == CoreProbe.pairs(threads: threads).count)
            #expect(readings.frequenciesHertz.count == threads && readings.additionsPerSecond.count == threads)
            let all = readings.roundTripsNanoseconds + readings.frequenciesHertz + readings.additionsPerSecond
            #expect(all.allSatisfy { $0 > 0 })
        }
    }
}
