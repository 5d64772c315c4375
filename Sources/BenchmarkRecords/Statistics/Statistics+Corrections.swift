extension Statistics {
    /// Holm's correction for testing all of `pValues` at once: the adjusted p-values, in the order given.
    ///
    /// Acting on those below a level finds anything where there is nothing no more often than the level.
    public static func holmAdjusted(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var floor = 0.0
        for (position, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
            floor = max(floor, min(1, pValues[index] * Double(pValues.count - position)))
            adjusted[index] = floor
        }
        return adjusted
    }

    /// Benjamini and Hochberg's correction: the adjusted p-values, in the order given.
    ///
    /// Of those below a level, no larger share than the level is expected to be false.
    public static func benjaminiHochbergAdjusted(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var ceiling = 1.0
        for (position, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated().reversed() {
            ceiling = min(ceiling, pValues[index] * Double(pValues.count) / Double(position + 1))
            adjusted[index] = ceiling
        }
        return adjusted
    }
}
