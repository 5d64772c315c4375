import Foundation

/// One effect for each guard and one for each block, fitted to the logarithms of a rate.
///
///     log rate[block][guard] = blockEffect[block] + guardEffect[guard] + residual
///
/// A block is a stretch of time in which every guard was measured once. What slows all guards of a block goes into the
/// block's effect, and not into any guard's. Every rank, ratio and interval of a workload comes from the guards' effects.
/// Effects are numbers on one line, so a rank cannot contradict a ratio, and ratios cannot run in a circle.
///
/// The fit is Huber's M-estimate: a residual beyond 1.345 times its guard's own scale has less weight the larger it is.
/// Standard errors are the jackknife's: the fit is made again without each block in turn.
struct EffectFit {
    /// The effects of the guards, in the order given: the logarithm of the rate in a block of the middle effect. `nil`
    /// if the guard has no value.
    let effects: [Double?]
    /// How many blocks hold a value of each guard.
    let counts: [Int]
    /// The effects in the fits without one block each.
    private let withoutOneBlock: [[Double?]]

    /// Huber's constant: 95 % efficiency if the residuals are normal.
    private static let bend = 1.345
    /// The weights settle within a few rounds; this only bounds the time.
    private static let rounds = 30

    /// Fits `logarithms[block][guard]` of so many guards; `nil` is a value that is missing.
    init(_ logarithms: [[Double?]], guards count: Int) {
        effects = Self.effects(of: logarithms, guards: count)
        let guards = effects.indices
        counts = guards.map { guardIndex in logarithms.count { $0[guardIndex] != nil } }
        withoutOneBlock = logarithms.indices.map { left in
            Self.effects(of: logarithms.indices.filter { $0 != left }.map { logarithms[$0] }, guards: count)
        }
    }

    /// The difference of two effects and its standard error; `nil` if one of them has fewer than two values.
    func difference(_ first: Int, _ second: Int) -> (value: Double, error: Double)? {
        guard first != second else { return (0, 0) }
        return contrast { effects in effects[first].flatMap { one in effects[second].map { one - $0 } } }
    }

    /// An effect and its standard error; `nil` as for a difference.
    func effect(_ index: Int) -> (value: Double, error: Double)? { contrast { $0[index] } }

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

    private static func effects(of logarithms: [[Double?]], guards: Int) -> [Double?] {
        var effects = (0..<guards).map { index in Statistics.median(logarithms.compactMap { $0[index] }) }
        var blocks = [Double](repeating: 0, count: logarithms.count)
        for _ in 0..<rounds {
            let scales = scales(of: logarithms, blocks: blocks, effects: effects)
            func weight(_ block: Int, _ index: Int) -> (weight: Double, value: Double)? {
                guard let value = logarithms[block][index], let effect = effects[index] else { return nil }
                let distance = abs(value - blocks[block] - effect)
                return (distance <= bend * scales[index] ? 1 : bend * scales[index] / distance, value)
            }
            var moved = 0.0
            for block in logarithms.indices {
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
                    logarithms.indices.compactMap { block in
                        weight(block, index).map { ($0.weight, $0.value - blocks[block]) }
                    })
                if let mean { effects[index] = mean }
            }
            if moved < 1e-7 { break }
        }
        return effects
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
