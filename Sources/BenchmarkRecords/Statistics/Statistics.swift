import Foundation

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

/// When an experiment that grows pair by pair is looked at, and which share of its level each look may spend.
///
/// Looking again and again at the full level finds a difference between a thing and itself sooner or later. Here a look
/// may only reject at its own share of the level, and the shares of all looks add up to 1: so the level holds however
/// many looks there are, and whatever ends the experiment. One that ends between two looks may take the next one early.
///
/// Ten pairs are the fewest that can decide one comparison at 0.01 with a share of 0.2; a look at six could not, and
/// would waste what it may spend. The shares fall slowly, since the answer may come at any of the first seven looks.
/// Simulated at a level of 1 %, pairs that differ by 5 % with a spread of 3 % were told from a noise floor of 2 % after
/// 22 pairs on average, and pairs of one thing shown to lie within it after 59: with shares of 1 / (k (k + 1)), from six
/// pairs on, after 26 and 65. Of 40,000 experiments of one thing, looked at up to 160 pairs, 0.5 % were rejected, and
/// without shares 5.3 %.
public enum SequentialLooks {
    /// How many pairs there are at `look`, from 1: 10, 14, 20, 28, 40, 57, 80, ..., doubling with every second look.
    public static func pairs(atLook look: Int) -> Int { Int((10 * exp2(Double(look - 1) / 2)).rounded()) }

    /// The share of the level that `look`, from 1, may spend: 4 / ((k + 3) (k + 4)), the first one 0.2.
    public static func share(ofLook look: Int) -> Double { 4 / (Double(look + 3) * Double(look + 4)) }
}
