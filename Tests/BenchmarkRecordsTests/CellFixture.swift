@testable import BenchmarkRecords

/// The rows of one guard on one workload, one for each rate of faults.
func repetitions(
    of guardName: String, on workload: String = "storm/faulters:1/invalidators:1", faultsPerSecond: [Double],
    counters: [Metric: Double] = [:]
) -> [ResultRow] {
    faultsPerSecond.enumerated().map { index, rate in
        var values = Dictionary(uniqueKeysWithValues: counters.map { ($0.key.rawValue, $0.value) })
        values[Metric.faultsPerSecond.rawValue] = rate
        return ResultRow(
            runName: "storm/\(guardName)/\(workload)", repetitionIndex: index, repetitions: faultsPerSecond.count,
            realNanoseconds: 1e6, cpuNanoseconds: 20, counters: values)
    }
}

/// So many rates, close together and above `base`, no two equal.
func rates(_ base: Double, _ count: Int) -> [Double] { (0..<count).map { base * (1 + 0.001 * Double($0)) } }
