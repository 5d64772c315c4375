import Foundation

/// One effect for each guard and one for each block, and what the speed of the cores does, fitted to the logarithms of a
/// rate.
///
///     log rate[block][guard] = blockEffect[block] + guardEffect[guard] + slope * log share[block][guard] + residual
///
/// A block is a stretch of time in which every guard was measured once. What slows all guards of a block goes into the
/// block's effect, and not into any guard's. Every rank, ratio and interval of a workload comes from the guards' effects.
/// Effects are numbers on one line, so a rank cannot contradict a ratio, and ratios cannot run in a circle.
///
/// The share is what the cores did of their best during the repetition (``CoreSpeeds``). The effects are those of a share
/// of 1: two runs that met a neighbour for different parts of their time say the same of a guard. If the shares of a run
/// lie so near each other that they do not say what a share does, the slope is the usual one, and the errors of the effects
/// hold how far off that may be. Differences of effects need neither.
///
/// The fit is Huber's M-estimate: a residual beyond 1.345 times its guard's own scale has less weight the larger it is.
/// Standard errors are the jackknife's: the fit is made again without each block in turn.
struct EffectFit {
    /// A repetition of a guard in a block.
    struct Sample {
        /// The logarithm of its rate.
        let logarithm: Double
        /// The logarithm of what its cores did of their best; 0 if nobody knows.
        var share = 0.0
    }

    /// The effects of the guards, in the order given: the logarithm of the rate in a block of the middle effect, on cores
    /// at their best. `nil` if the guard has no value.
    let effects: [Double?]
    /// How many blocks hold a value of each guard.
    let counts: [Int]
    /// The effects in the fits without one block each.
    private let withoutOneBlock: [[Double?]]
    /// The error of each effect for want of knowing the slope: the standard deviation.
    private let slopeErrors: [Double]

    /// Huber's constant: 95 % efficiency if the residuals are normal.
    private static let bend = 1.345
    /// The weights settle within a few rounds; this only bounds the time.
    private static let rounds = 30
    /// The usual slope and its standard deviation from workload to workload, seen in six runs of five workloads: 0.1 if
    /// walks take most of the time, 0.3 in `calm`, 0.6 in `steady` and `storm`.
    private static let usualSlope = (value: 0.4, deviation: 0.3)
    /// What the usual slope weighs: as much as shares whose squares add up to this.
    private static let usualWeight = 0.2

    /// Fits `samples[block][guard]` of so many guards; `nil` is a value that is missing.
    init(_ samples: [[Sample?]], guards count: Int) {
        let fit = Self.fit(samples, guards: count)
        effects = fit.effects
        let guards = effects.indices
        counts = guards.map { guardIndex in samples.count { $0[guardIndex] != nil } }
        withoutOneBlock = samples.indices.map { left in
            Self.fit(samples.indices.filter { $0 != left }.map { samples[$0] }, guards: count).effects
        }
        slopeErrors = guards.map { index in
            let mean = Self.mean(samples.compactMap { $0[index].map { (1, $0.share) } }) ?? 0
            return abs(mean) * fit.usualPart * Self.usualSlope.deviation
        }
    }

    /// The difference of two effects and its standard error; `nil` if one of them has fewer than two values.
    func difference(_ first: Int, _ second: Int) -> (value: Double, error: Double)? {
        guard first != second else { return (0, 0) }
        return contrast { effects in effects[first].flatMap { one in effects[second].map { one - $0 } } }
    }

    /// An effect and its standard error; `nil` as for a difference.
    func effect(_ index: Int) -> (value: Double, error: Double)? {
        contrast { $0[index] }.map { found in
            (found.value, (found.error * found.error + slopeErrors[index] * slopeErrors[index]).squareRoot())
        }
    }

    /// The degrees of freedom of a standard error of these guards: the fewest blocks of any of them, less one.
    func freedom(_ guards: Int...) -> Double { Double((guards.map { counts[$0] }.min() ?? 0) - 1) }

    private func contrast(_ value: ([Double?]) -> Double?) -> (value: Double, error: Double)? {
        let others = withoutOneBlock.compactMap(value)
        guard let all = value(effects), others.count == withoutOneBlock.count, others.count > 1 else { return nil }
        let count = Double(others.count)
        let mean = others.reduce(0, +) / count
        let squares = others.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (all, (squares * (count - 1) / count).squareRoot())
    }

    /// The effects, and how much of the slope is the usual one: 1 if the samples say nothing of it.
    private static func fit(_ samples: [[Sample?]], guards: Int) -> (effects: [Double?], usualPart: Double) {
        var (slope, usualPart) = (usualSlope.value, 1.0)
        var effects = (0..<guards).map { index in
            Statistics.median(samples.compactMap { $0[index].map { $0.logarithm - slope * $0.share } })
        }
        var blocks = [Double](repeating: 0, count: samples.count)
        let ownShares = ownShares(of: samples, guards: guards)
        for _ in 0..<rounds {
            // What is left of each value when the speed of the cores is taken out.
            let values = samples.map { $0.map { sample in sample.map { $0.logarithm - slope * $0.share } } }
            let scales = scales(of: values, blocks: blocks, effects: effects)
            func weight(_ block: Int, _ index: Int) -> (weight: Double, value: Double)? {
                guard let value = values[block][index], let effect = effects[index] else { return nil }
                let distance = abs(value - blocks[block] - effect)
                return (distance <= bend * scales[index] ? 1 : bend * scales[index] / distance, value)
            }
            var moved = 0.0
            for block in samples.indices {
                let mean = mean(
                    (0..<guards).compactMap { index in
                        weight(block, index).map {
                            ($0.weight / (scales[index] * scales[index]), $0.value - effects[index]!)
                        }
                    })
                if let mean {
                    moved = max(moved, abs(mean - blocks[block]))
                    blocks[block] = mean
                }
            }
            // The effects are those of a block in the middle.
            let middle = blocks.reduce(0, +) / Double(blocks.count)
            for block in blocks.indices { blocks[block] -= middle }
            for index in 0..<guards {
                let mean = mean(
                    samples.indices.compactMap { block in
                        weight(block, index).map { ($0.weight, $0.value - blocks[block]) }
                    })
                if let mean { effects[index] = mean }
            }
            // What the residuals owe to the share that neither the block nor the guard explains.
            var (products, squares) = (usualWeight * (usualSlope.value - slope), usualWeight)
            for block in samples.indices {
                for index in 0..<guards {
                    guard let (weight, value) = weight(block, index) else { continue }
                    let own = ownShares[block][index]
                    products += weight * own * (value - blocks[block] - effects[index]!)
                    squares += weight * own * own
                }
            }
            moved = max(moved, abs(products / squares))
            slope += products / squares
            usualPart = usualWeight / squares
            if moved < 1e-7 { break }
        }
        return (effects, usualPart)
    }

    /// The shares less what is common to a block and to a guard; 0 for a value that is missing.
    private static func ownShares(of samples: [[Sample?]], guards: Int) -> [[Double]] {
        var own = samples.map { $0.map { $0?.share ?? 0 } }
        // Twice: with values that are missing, one round leaves a rest.
        for _ in 0..<2 {
            for block in samples.indices {
                let present = (0..<guards).filter { samples[block][$0] != nil }
                let mean = mean(present.map { (1, own[block][$0]) }) ?? 0
                for index in present { own[block][index] -= mean }
            }
            for index in 0..<guards {
                let present = samples.indices.filter { samples[$0][index] != nil }
                let mean = mean(present.map { (1, own[$0][index]) }) ?? 0
                for block in present { own[block][index] -= mean }
            }
        }
        return own
    }

    /// The scale of each guard's residuals, from their median distance from 0; above 0, so that it can divide.
    private static func scales(of logarithms: [[Double?]], blocks: [Double], effects: [Double?]) -> [Double] {
        let raw = effects.indices.map { index in
            let distances = logarithms.indices.compactMap { block -> Double? in
                guard let value = logarithms[block][index], let effect = effects[index] else { return nil }
                return abs(value - blocks[block] - effect)
            }
            return 1.4826 * (Statistics.median(distances) ?? 0)
        }
        // A guard of few values may have a scale near 0 by chance: it would take every block's effect for itself.
        let floor = max(1e-6, (Statistics.median(raw) ?? 0) / 3)
        return raw.map { max($0, floor) }
    }

    /// The weighted mean; `nil` for no values.
    private static func mean(_ values: [(weight: Double, value: Double)]) -> Double? {
        let weight = values.reduce(0) { $0 + $1.weight }
        return weight > 0 ? values.reduce(0) { $0 + $1.weight * $1.value } / weight : nil
    }
}
