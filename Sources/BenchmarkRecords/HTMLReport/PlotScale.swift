import Foundation

/// Where the values of a figure lie on one of its axes.
struct PlotScale {
    /// Whether equal distances are equal factors.
    let isLogarithmic: Bool
    private let low: Double
    private let high: Double
    /// The values that get a line and a label, the smallest first.
    let ticks: [Double]

    /// Values whose largest is more than so many times the smallest are shown by factors.
    static let largestLinearSpan = 30.0
    /// The part of the width, or of the height, that is left free at either end for marks and labels.
    private static let margin = 0.02

    /// A scale for `values`, of which only those above 0 count. It begins at 0 unless they span too much, or `isAlwaysLogarithmic`.
    /// `nil` if no value is above 0.
    init?(_ values: [Double], isAlwaysLogarithmic: Bool = false) {
        let values = values.filter { $0 > 0 && $0.isFinite }
        guard let smallest = values.min(), let largest = values.max() else { return nil }
        isLogarithmic = isAlwaysLogarithmic || largest / smallest > Self.largestLinearSpan
        if isLogarithmic {
            low = Self.step(below: smallest)
            high = max(Self.step(above: largest), low * 2)
            ticks = Self.factors(from: low, to: high)
        } else {
            low = 0
            let step = Self.niceStep(largest)
            high = (largest / step).rounded(.up) * step
            ticks = (0...Int((high / step).rounded())).map { Double($0) * step }
        }
    }

    /// Where `value` is: 0 at the low end, 1 at the high one. What lies outside is at the nearer end.
    func place(_ value: Double) -> Double {
        let share: Double
        if isLogarithmic {
            share = value > 0 ? (log(value) - log(low)) / (log(high) - log(low)) : 0
        } else {
            share = (value - low) / (high - low)
        }
        return Self.margin + (1 - 2 * Self.margin) * min(1, max(0, share))
    }

    /// Where bars begin.
    var origin: Double { place(low) }

    /// The largest of 1, 2 and 5 times a power of ten that is not above `value`.
    private static func step(below value: Double) -> Double {
        let power = pow(10, (log10(value) + 1e-9).rounded(.down))
        return [5, 2, 1].map { $0 * power }.first { $0 <= value * (1 + 1e-9) } ?? power
    }

    /// The smallest of 1, 2 and 5 times a power of ten that is not below `value`.
    private static func step(above value: Double) -> Double {
        let power = pow(10, (log10(value) - 1e-9).rounded(.down))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= value * (1 - 1e-9) } ?? 10 * power
    }

    /// A step that divides 0 to `largest` into three to six parts.
    private static func niceStep(_ largest: Double) -> Double { step(below: largest / 2.5) }

    /// Powers of ten from `low` to `high`, thinned so that their labels fit; of less than two decades 1, 2 and 5 times them.
    private static func factors(from low: Double, to high: Double) -> [Double] {
        let first = Int(log10(low).rounded(.down))
        let last = Int(log10(high).rounded(.up))
        let isInside = { (value: Double) in value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9) }
        let tens = (first...last).map { pow(10, Double($0)) }.filter(isInside)
        if tens.count >= 3 {
            let stride = (tens.count + 5) / 6
            return tens.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
        }
        return (first...last).flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }.filter(isInside)
    }
}
