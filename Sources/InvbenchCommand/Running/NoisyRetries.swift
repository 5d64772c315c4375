import BenchmarkRecords
import InvalidationStorm

/// Measures a repetition again while the machine is noisy.
enum NoisyRetries {
    /// What is kept of a repetition, and how many measurements of it are not.
    struct Kept {
        var measurement: StormMeasurement
        var thrownAway = 0
    }

    /// The first quiet measurement, else the last of `1 + limit`; `nil` where the first one was cancelled. A later one
    /// that is cancelled leaves what there is.
    ///
    /// One of a protected guard that shows a stale translation is kept, however noisy: it is what matters most.
    static func measure(limit: Int, isProtected: Bool, _ measureOnce: () -> StormMeasurement?) -> Kept? {
        guard let first = measureOnce() else { return nil }
        var kept = Kept(measurement: first)
        while kept.thrownAway < limit, MetricValues.of(kept.measurement)[.noisy] == 1,
            !isProtected || kept.measurement.staleInstalls == 0, let next = measureOnce()
        {
            kept = Kept(measurement: next, thrownAway: kept.thrownAway + 1)
        }
        return kept
    }
}
