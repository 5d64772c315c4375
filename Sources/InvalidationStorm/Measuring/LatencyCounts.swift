import Histogram

/// The latencies that one repetition measured, by role; `nil` for a role that it did not have.
public struct RoleLatencies: Sendable {
    /// Of faults.
    public let faults: LatencyRecorder
    /// Of invalidations; empty where nothing was invalidated.
    public let invalidations: LatencyRecorder
    /// Of registrations.
    public let registrations: LatencyRecorder?
    /// Of unregistrations.
    public let unregistrations: LatencyRecorder?
}

/// The latencies of many repetitions in little memory: only what was seen, in some kilobytes.
public struct LatencyCounts: Sendable {
    /// For each value that was seen, in rising order, the distance from the one before and the count; both as
    /// little-endian groups of seven bits, of which all but the last are marked.
    private var packed: [UInt8] = []

    /// Nothing yet.
    public init() {}

    /// Whether nothing was added.
    public var isEmpty: Bool { packed.isEmpty }

    /// The memory that the values take, in bytes.
    var byteCount: Int { packed.count }

    /// Adds a repetition's latencies.
    public mutating func add(_ latencies: LatencyRecorder) {
        var sum = histogram
        for value in latencies.histogram.recordedValues() { sum.record(value.value, count: UInt64(value.count)) }
        packed = []
        var previous: UInt64 = 0
        for value in sum.recordedValues() {
            let lowest = sum.lowestEquivalentForValue(value.value)
            pack(lowest - previous)
            pack(value.count)
            previous = lowest
        }
    }

    /// HdrHistogram's percentile distribution, in nanoseconds, as its plotter reads it.
    ///
    /// The package prints counts of 2^31 and above wrongly: at a million timed operations a second, after half an hour.
    public var percentileDistribution: String {
        var text = ""
        histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1)
        return text
    }

    private var histogram: Histogram<UInt64> {
        var histogram = Histogram<UInt64>(
            lowestDiscernibleValue: 1, highestTrackableValue: LatencyRecorder.longest,
            numberOfSignificantValueDigits: .three)
        var rest = packed[...]
        var value: UInt64 = 0
        while !rest.isEmpty {
            value += Self.unpack(&rest)
            histogram.record(value, count: Self.unpack(&rest))
        }
        return histogram
    }

    private mutating func pack(_ number: UInt64) {
        var rest = number
        while rest > 0x7f {
            packed.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        packed.append(UInt8(rest))
    }

    private static func unpack(_ bytes: inout ArraySlice<UInt8>) -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst() {
            number |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { break }
            shift += 7
        }
        return number
    }
}
