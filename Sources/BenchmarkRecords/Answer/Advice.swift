/// Which guard to take in general, by a rule: of the guards that are ranked in every workload and never behind, the one
/// that no guard beats by much in any workload.
///
/// Faults and invalidations weigh alike: one guard beats another by the product of what it has more of both. A guard that
/// has as many of both can still beat it by the processor time of a fault (``Duel``).
public struct Advice: Sendable {
    /// Where another guard does better than the one to take.
    public struct Exception: Sendable {
        /// The workload.
        public let workload: String
        /// The other guard.
        public let name: String
        /// Its faults a second, divided by those of the guard to take.
        public let faults: Double
        /// Its invalidations a second, likewise; 1 if they differ by less than a quarter.
        public let invalidations: Double
        /// The processor time of a fault of the guard to take, divided by its own; 1 if they differ by less than a quarter,
        /// or if that follows from the faults alone.
        public let economy: Double
    }

    /// The guard.
    public let name: String
    /// The largest factor by which another guard beats it in a workload; 1 or more.
    public let worstFactor: Double
    /// That other guard and the workload; `nil` if none beats it.
    public let worst: (name: String, workload: String)?
    /// How many workloads there are.
    public let workloads: Int
    /// Where another guard has a tenth more faults or above, or a quarter more of something else, and is worse in nothing:
    /// the best of them.
    public let better: [Exception]
    /// Where none is better, but one has a tenth more faults a second or above, and pays for them with fewer invalidations
    /// or more processor time: the fastest of them.
    public let trades: [Exception]

    /// Judges the guards of all workloads, each in one state of the cores.
    init?(_ answers: [WorkloadAnswer]) {
        let ranked = answers.filter { !$0.best.isEmpty }
        guard ranked.count > 1 else { return nil }
        // The scenario names a workload, unless two have it.
        let places = ranked.map { answer in
            let isAlone = ranked.count { $0.scenario == answer.scenario } == 1
            return (
                name: isAlone ? answer.scenario : answer.title,
                guards: answer.guards.filter { $0.hasRank && $0.keepsUp }
            )
        }
        let candidates = (places.first?.guards ?? []).map(\.name).filter { name in
            places.allSatisfy { $0.guards.map(\.name).contains(name) }
        }
        /// The duels of one guard with all others, workload by workload.
        func duels(of name: String) -> [[Duel]] {
            places.map { place in
                guard let own = place.guards.first(where: { $0.name == name }) else { return [] }
                return place.guards.filter { $0.name != name }.map { Duel(of: $0, with: own) }
            }
        }
        func largestFactors(_ name: String) -> [Double] {
            duels(of: name).map { $0.map(\.factor).max() ?? 1 }.sorted(by: >)
        }
        // Of two that are beaten by the same factor at worst, the one that is beaten by less in the workload after it.
        guard
            let chosen = candidates.min(by: { largestFactors($0).lexicographicallyPrecedes(largestFactors($1)) })
        else { return nil }
        let all = zip(places, duels(of: chosen)).map { place, duels in (workload: place.name, duels: duels) }
        let lost = all.flatMap { place in place.duels.map { (duel: $0, workload: place.workload) } }
            .filter { $0.duel.factor > 1 }.max { $0.duel.factor < $1.duel.factor }
        name = chosen
        workloads = ranked.count
        worstFactor = lost?.duel.factor ?? 1
        worst = lost.map { ($0.duel.name, $0.workload) }
        better = all.compactMap { place in
            place.duels.filter(\.isBetter).max { $0.factor < $1.factor }.map { $0.exception(in: place.workload) }
        }
        trades = all.filter { !$0.duels.contains(where: \.isBetter) }.compactMap { place in
            place.duels.filter { $0.faults >= Duel.margin }.max { $0.faults < $1.faults }
                .map { $0.exception(in: place.workload) }
        }
    }
}

/// What one guard has more of than another one in a workload.
struct Duel {
    /// From so many times the faults a second on, another guard is worth naming.
    static let margin = 1.1
    /// What no test tells apart counts as equal unless it differs by this factor.
    static let untestedMargin = 1.25

    /// The guard whose figures are divided by the other one's.
    let name: String
    /// The quotient of their faults a second; 1 if they are not told apart.
    let faults: Double
    /// The quotient of their invalidations a second; 1 within the margin, or where they are not known.
    let invalidations: Double
    /// The quotient of what a fault costs the other one and this one in processor time; 1 as above, and where the faulters
    /// of both are as busy.
    let economy: Double

    init(of one: GuardAnswer, with other: GuardAnswer) {
        func quotient(_ dividend: Double?, _ divisor: Double?) -> Double {
            guard let dividend, let divisor, dividend > 0, divisor > 0 else { return 1 }
            return dividend / divisor
        }
        func isBeyondMargin(_ quotient: Double) -> Bool {
            quotient >= Self.untestedMargin || quotient <= 1 / Self.untestedMargin
        }

        name = one.name
        let rates = quotient(one.faultsPerSecond?.value, other.faultsPerSecond?.value)
        let isToldApart = one.fasterThan.contains(other.name) || other.fasterThan.contains(one.name)
        faults = isToldApart ? rates : 1
        let invalidations = quotient(one.median(.invalidationsPerSecond), other.median(.invalidationsPerSecond))
        self.invalidations = isBeyondMargin(invalidations) ? invalidations : 1
        // Faulters that are busy all the time spend less on a fault just as they do more of them: that is no news.
        let economy = quotient(other.processorNanosecondsPerFault, one.processorNanosecondsPerFault)
        self.economy = isBeyondMargin(economy) && isBeyondMargin(economy / rates) ? economy : 1
    }

    /// By how much it beats the other one: below 1 if it is beaten.
    var factor: Double {
        let rates = faults * invalidations
        return faults >= 1 && invalidations >= 1 ? max(rates, economy) : rates
    }

    /// Whether it is better in something by its margin or more, and worse in nothing.
    var isBetter: Bool {
        let figures = [faults, invalidations, economy]
        return figures.allSatisfy { $0 >= 1 } && figures.contains { $0 >= Self.margin }
    }

    func exception(in workload: String) -> Advice.Exception {
        Advice.Exception(
            workload: workload, name: name, faults: faults, invalidations: invalidations, economy: economy)
    }
}
