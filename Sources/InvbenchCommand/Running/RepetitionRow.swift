import BenchmarkRecords
import InvalidationStorm

/// The row of one repetition.
enum RepetitionRow {
    /// An iteration is a fault, its time the mean over all of them. Where no fault ended inside the window there is no
    /// such mean: the row then has 0 iterations and the window as its time, as Google Benchmark writes it.
    static func of(
        _ measurement: StormMeasurement, name: String, planned: PlannedRepetition, repetitions: Int,
        windowNanoseconds: UInt64,
        noisyRetries: Int
    ) -> ResultRow {
        var values = MetricValues.of(measurement)
        values[.noisyRetries] = Double(noisyRetries)
        let mean = measurement.faults > 0 ? values[.faultMean] : nil
        return ResultRow(
            runName: name, repetitionIndex: planned.repetition, repetitions: repetitions,
            iterations: mean == nil ? 0 : Int(clamping: measurement.faults),
            realNanoseconds: mean ?? Double(windowNanoseconds),
            cpuNanoseconds: measurement.cpuNanosecondsPerFault.isFinite ? measurement.cpuNanosecondsPerFault : 0,
            counters: Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) }))
    }
}
