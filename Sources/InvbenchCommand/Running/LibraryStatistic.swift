import BenchmarkRecords
import CGoogleBenchmark

/// One of Google Benchmark's statistics over the repetitions of a cell: mean, median, stddev or cv.
struct LibraryStatistic {
    /// Its place among the library's statistics.
    let index: Int
    /// Whether its result is a fraction of the mean and not of the values' unit.
    let isRatio: Bool
    let name: String
    /// The statistic of some values; may be NaN.
    let compute: ([Double]) -> Double

    /// All that the library computes; none before it has run a repetition.
    static func all(of session: OpaquePointer?) -> [LibraryStatistic] {
        guard let session else { return [] }
        var statistics: [LibraryStatistic] = []
        while let name = cgb_session_statistic_name(session, statistics.count) {
            let index = statistics.count
            statistics.append(
                LibraryStatistic(
                    index: index, isRatio: cgb_session_statistic_is_ratio(session, index) != 0,
                    name: String(cString: name)
                ) { cgb_session_statistic(session, index, $0, $0.count) })
        }
        return statistics
    }

    /// The aggregate row of `rows`. A counter that is not in all of them, or whose statistic is not finite (a cv of
    /// zeros is not), is left out; a row whose times are not finite does not exist.
    func aggregate(of rows: [ResultRow]) -> ResultRow? {
        guard let first = rows.first else { return nil }
        let real = compute(rows.map(\.realNanoseconds))
        let cpu = compute(rows.map(\.cpuNanoseconds))
        guard real.isFinite else { return nil }
        var counters: [String: Double] = [:]
        for key in first.counters.keys {
            let values = rows.compactMap { $0.counters[key] }
            if values.count == rows.count { counters[key] = compute(values) }
        }
        return ResultRow(
            runName: first.runName, runType: .aggregate(name), repetitions: first.repetitions,
            iterations: rows.count, realNanoseconds: real, cpuNanoseconds: cpu.isFinite ? cpu : 0,
            counters: counters)
    }
}
