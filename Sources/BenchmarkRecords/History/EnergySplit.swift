/// Where a series falls into two parts that differ most, by the energy distance between them.
///
/// Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate data", 2014: for
/// parts of n and m values, n m / (n + m) times (twice the mean distance between values of both parts, less the mean
/// distances between two values of each). It sees any difference of distribution, and needs no idea of its shape.
struct EnergySplit {
    /// The first value of the second part.
    let index: Int
    /// The scaled distance, 0 or above but for rounding.
    let distance: Double

    /// The best split of `range` that leaves at least `fewest` values, 1 or more, on either side; of equal ones the
    /// first. `nil` where there is none. Takes time in proportion to the square of the range.
    init?(of values: [Double], in range: Range<Int>, fewest: Int) {
        guard range.count >= 2 * fewest else { return nil }
        let sums = range.map { index in Self.sums(at: index, of: values, in: range) }
        var (left, right, across) = (0.0, sums.reduce(0) { $0 + $1.after }, 0.0)
        var best: (index: Int, distance: Double)?
        // The value at the front of the right part goes over to the left one.
        for (moved, sum) in sums.enumerated().dropLast(fewest) {
            left += sum.before
            right -= sum.after
            across += sum.after - sum.before
            let (n, m) = (Double(moved + 1), Double(range.count - moved - 1))
            guard moved + 1 >= fewest else { continue }
            let within = (n > 1 ? left / (n * (n - 1) / 2) : 0) + (m > 1 ? right / (m * (m - 1) / 2) : 0)
            let distance = (2 * across / (n * m) - within) * n * m / (n + m)
            if distance > (best?.distance ?? -.infinity) { best = (range.lowerBound + moved + 1, distance) }
        }
        guard let best else { return nil }
        (index, distance) = best
    }

    /// The distances from one value to all before it, and to all after it.
    private static func sums(
        at index: Int, of values: [Double], in range: Range<Int>
    ) -> (before: Double, after: Double) {
        var (before, after) = (0.0, 0.0)
        for other in range.lowerBound..<index { before += abs(values[index] - values[other]) }
        for other in index..<range.upperBound { after += abs(values[index] - values[other]) }
        return (before, after)
    }
}
