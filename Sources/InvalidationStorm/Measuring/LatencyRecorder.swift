import Histogram

/// One thread's latencies: an HDR histogram of three significant digits.
public struct LatencyRecorder: Sendable {
    /// The longest latency told apart, in nanoseconds: 100 seconds. Longer ones are counted as this long.
    static let longest: UInt64 = 100_000_000_000

    @usableFromInline
    var histogram = Histogram<UInt32>(
        lowestDiscernibleValue: 1, highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
    private var longestSeen: UInt64 = 0

    @usableFromInline
    init() {}

    /// Counts one latency, in nanoseconds.
    @usableFromInline
    mutating func record(_ nanoseconds: UInt64) {
        histogram.record(min(nanoseconds, Self.longest))
        longestSeen = max(longestSeen, nanoseconds)
    }

    /// Adds another thread's latencies.
    mutating func merge(_ other: LatencyRecorder) {
        histogram.add(other.histogram)
        longestSeen = max(longestSeen, other.longestSeen)
    }

    /// The summary; `mean` is the caller's, from time and count over the whole window.
    func summary(mean: Double?) -> LatencySummary {
        let samples = UInt64(histogram.totalCount)
        // A percentile stands on at least ten samples beyond it.
        func percentile(_ percent: Double) -> Double? {
            guard Double(samples) * (100 - percent) >= 1000 - 1e-6 else { return nil }
            return Double(histogram.valueAtPercentile(percent))
        }
        return LatencySummary(
            p50: percentile(50), p90: percentile(90), p99: percentile(99), p99_9: percentile(99.9),
            p99_99: percentile(99.99), maximum: samples == 0 ? nil : Double(longestSeen), mean: mean, samples: samples)
    }
}
