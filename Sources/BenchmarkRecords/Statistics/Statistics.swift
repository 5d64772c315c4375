/// The statistics behind a verdict.
public enum Statistics {
    /// The middle value, or the mean of the two in the middle; `nil` for no values.
    public static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        // Halved first: the sum of two finite values may not be finite.
        return sorted.count.isMultiple(of: 2) ? sorted[middle - 1] / 2 + sorted[middle] / 2 : sorted[middle]
    }
}
