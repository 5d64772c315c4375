import Testing

@testable import InvalidationStorm

@Suite struct LatencyCountsTests {
    func recorder(_ values: some Sequence<UInt64>) -> LatencyRecorder {
        var recorder = LatencyRecorder()
        values.forEach { recorder.record($0) }
        return recorder
    }

    func distribution(_ recorders: LatencyRecorder...) -> [Substring] {
        var counts = LatencyCounts()
        recorders.forEach { counts.add($0) }
        return counts.percentileDistribution.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test("The text is HdrHistogram's")
    func format() {
        // As HdrHistogram's reference implementation prints 1 ... 100 with three digits and a maximum of 100 s.
        let lines = distribution(recorder(1...100))
        #expect(
            lines.prefix(4) == [
                "       Value     Percentile TotalCount 1/(1-Percentile)", "",
                "       1.000 0.000000000000          1           1.00",
                "      10.000 0.100000000000         10           1.11",
            ])
        #expect(lines.contains("      50.000 0.500000000000         50           2.00"))
        #expect(lines.contains("      99.000 0.987500000000         99          80.00"))
        #expect(
            lines.suffix(5) == [
                "     100.000 1.000000000000        100",
                "#[Mean    =       50.500, StdDeviation   =       28.866]",
                "#[Max     =      100.000, Total count    =          100]",
                "#[Buckets =           27, SubBuckets     =         2048]", "",
            ])
    }

    @Test("Repetitions add up to what one recorder of all would hold")
    func adding() {
        let sets: [[UInt64]] = [
            [0, 0, 3, 900, 1_000_003], [7, 1_000_000, 123_456_789, LatencyRecorder.longest, .max],
            (0..<10_000).map { $0 * $0 },
        ]
        var all = LatencyRecorder()
        for set in sets { set.forEach { all.record($0) } }
        #expect(distribution(recorder(sets[0]), recorder(sets[1]), recorder(sets[2])) == distribution(all))
        #expect(distribution(recorder(sets[0])) != distribution(all))
    }

    @Test("Nothing added is nothing")
    func empty() {
        var counts = LatencyCounts()
        counts.add(LatencyRecorder())
        #expect(counts.isEmpty)
        counts.add(recorder([5]))
        #expect(!counts.isEmpty)
    }

    @Test("What was seen takes little memory, however long it was measured")
    func memory() {
        // Latencies over six decades, most of them short, as a loaded machine gives them.
        var random = RandomSequence(seed: 1, stream: 0)
        var counts = LatencyCounts()
        for _ in 0..<9 {
            counts.add(recorder((0..<50_000).map { _ in UInt64(30 + random.exponential(mean: 1) * 400) }))
            counts.add(recorder((0..<500).map { _ in UInt64(random.exponential(mean: 1_000_000)) }))
        }
        #expect(counts.byteCount < 20_000)
    }
}
