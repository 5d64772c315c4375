/// The range that a median lies in, from the order of the values alone, whatever their distribution.
public struct MedianInterval: Hashable, Sendable {
    /// The lower end, one of the values.
    public let lower: Double
    /// The upper end, one of the values.
    public let upper: Double

    /// At a level of at least 95 %; `nil` with fewer than 6 values, whose smallest and largest do not reach it.
    public init?(_ values: [Double]) {
        let cut = Statistics.signTestCut(of: values.count)
        guard cut > 0 else { return nil }
        let sorted = values.sorted()
        lower = sorted[cut - 1]
        upper = sorted[sorted.count - cut]
    }
}
