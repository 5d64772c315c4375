import Foundation

/// The numbers of a comparison as people read them.
enum ComparisonText {
    /// A ratio, with the digits that the noise floor is measured in: `1.031`, `12.3`, `0.041`.
    static func ratio(_ value: Double) -> String {
        if value.isInfinite { return "inf" }
        return (0.0995..<9.995).contains(value) ? String(format: "%.3f", value) : ScaledNumber.ratio(value)
    }

    /// An interval: `0.981-1.031`; `-` where there is none.
    static func interval(_ interval: RatioInterval?) -> String {
        interval.map { "\(ratio($0.lower))-\(ratio($0.upper))" } ?? "-"
    }

    /// The change that an interval on one side of 1 stands for, from the smaller end to the larger: `1.4 to 2.0 %`,
    /// `3.1 % or more`.
    static func change(_ interval: RatioInterval) -> String {
        let ends = [interval.lower, interval.upper].map { 100 * ($0 - 1).magnitude }.sorted()
        let smaller = String(format: "%.1f", ends[0])
        return ends[1].isInfinite ? "\(smaller) % or more" : "\(smaller) to \(String(format: "%.1f", ends[1])) %"
    }

    /// A p-value in five letters: `0.031`, `4e-05`, `1`.
    static func p(_ value: Double) -> String {
        if value >= 0.9995 { return "1" }
        return value < 0.0005 ? String(format: "%.0e", value) : String(format: "%.3f", value)
    }

    /// Cliff's delta: `+0.31`, `-1.00`; `-` where there is none.
    static func delta(_ value: Double?) -> String { value.map { String(format: "%+.2f", $0) } ?? "-" }

    /// How many repetitions of the base and of the new side were compared: `9:9`; how many pairs: `28`.
    static func counts(_ comparison: Comparison) -> String {
        let counts = comparison.counts
        return counts.arePairs ? "\(counts.base)" : "\(counts.base):\(counts.new)"
    }

    /// A noise floor: `3%`, `0.5%`, `38%`.
    static func floor(_ share: Double) -> String { String(format: share < 0.1 ? "%.2g%%" : "%.0f%%", 100 * share) }
}
