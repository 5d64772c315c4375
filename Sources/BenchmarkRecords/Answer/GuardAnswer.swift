/// What one guard did on one workload, in one state of the cores.
public struct GuardAnswer: Sendable {
    /// The guard's name with its parameters: `stripe-mutex/stripe:64KiB`.
    public let name: String
    /// The cell that it was measured in; `nil` if no row of it is there.
    public let cell: CellName?
    /// Whether it protects. One that does not is the control and the limit of speed, never a choice.
    public let isProtected: Bool
    /// How many repetitions its figures are from.
    public let repetitions: Int
    /// Faults a second over all faulters; `nil` if the repetitions in one state are too few.
    public let faultsPerSecond: Estimate?
    /// Its faults a second divided by the reference's; `nil` if one of them is not known.
    public let ratio: Estimate?
    /// The p-value of the hypothesis that it is as fast as the reference, as far as this run alone can tell: two-sided, and
    /// not corrected for other comparisons. `nil` for the reference itself, and if one of the two is not known.
    public let pInsideRun: Double?
    /// Stale translations over all repetitions, whatever state they met; `nil` if nothing was checked.
    public let stale: Double?
    /// What a reader must know before taking the line at its word.
    public let flags: [GuardFlag]
    /// 1 for the guards that are not told apart from the fastest protected one that keeps up, 2 for those not told apart
    /// from the fastest of the rest, and so on; `nil` for a guard without a rank.
    public internal(set) var group: Int?
    /// The names of the guards that it is told apart from and faster than.
    var fasterThan: Set<String> = []
    /// Its place in the fit.
    let index: Int
    /// The logarithm of its rate.
    let effect: Double?
    private let rows: [ResultRow]
    private let allRows: [ResultRow]

    init(
        _ variant: GuardVariant, index: Int, rows: [ResultRow], allRows: [ResultRow], comparison: Comparisons,
        reference: Int?, isProtected: Bool
    ) {
        name = variant.name
        cell = allRows.first?.cell
        self.isProtected = isProtected
        self.index = index
        self.rows = rows
        self.allRows = allRows
        repetitions = rows.count
        effect = comparison.effect(index)
        faultsPerSecond = comparison.rate(index)
        ratio = reference.flatMap { comparison.ratio(index, to: $0) }
        pInsideRun = reference.flatMap { $0 == index ? nil : comparison.pInsideRun(index, $0) }
        let counts = allRows.compactMap { $0[.staleInstalls] }
        stale = counts.isEmpty ? nil : counts.reduce(0, +)
        flags = GuardFlag.all(isProtected: isProtected, stale: stale, rows: rows, rate: faultsPerSecond)
    }

    /// The median over the repetitions; `nil` if they are too few, or one of them lacks the value: a percentile that only
    /// some samples carry would be the median of the busiest repetitions.
    public func median(_ metric: Metric) -> Double? {
        guard faultsPerSecond != nil else { return nil }
        let values = rows.compactMap { $0[metric] }
        return values.count == rows.count ? Statistics.median(values) : nil
    }

    /// The largest value over all repetitions, whatever state they met: a guard that starves once in ten of them starves.
    public func longest(_ metric: Metric) -> Double? { allRows.compactMap { $0[metric] }.max() }

    /// Processor time for each fault, in nanoseconds: the median over the repetitions.
    public var processorNanosecondsPerFault: Double? {
        faultsPerSecond == nil ? nil : Statistics.median(rows.map(\.cpuNanoseconds).filter { $0 > 0 })
    }

    /// Whether it has a rank: it protects, showed no stale translation, and its rate is known well enough.
    var hasRank: Bool { isProtected && effect != nil && flags.allSatisfy { ![.stale, .noisy].contains($0) } }

    /// Whether it does the work that is due as it becomes due.
    var keepsUp: Bool { !flags.contains(.behind) }
}

/// What a reader must know about a line before taking it at its word. Only what changes a decision is one.
public enum GuardFlag: String, CaseIterable, Sendable {
    /// The guard is declared unsafe.
    case unsafe = "UNSAFE"
    /// A protected guard with a stale translation is broken.
    case stale = "STALE!"
    /// Too few repetitions met the cores in one state for a figure.
    case tooFew = "too few"
    /// Its rate differs so much from one repetition to the next that it says nothing.
    case noisy
    /// Work that was due in the window was not done in time.
    case behind
    /// Some threads of a role got far more done than others. Threads that share cores take turns that are as long as the
    /// window: that is the scheduler's doing.
    case unfair

    /// An interval whose upper end is more than so many times the lower one says nothing: every guard would be tied.
    static let widestInterval = 4.0
    /// A larger share of what was due, left undone, is behind.
    static let backlogLimit = 0.01
    /// A longer time after the window until all that was due in it is done, in parts of the window, is behind.
    static let catchUpLimit = 0.05
    /// Jain's index below which threads are served unfairly.
    static let fairnessLimit = 0.8

    static func all(isProtected: Bool, stale: Double?, rows: [ResultRow], rate: Estimate?) -> [GuardFlag] {
        allCases.filter { flag in
            switch flag {
            case .unsafe: !isProtected
            case .stale: isProtected && stale ?? 0 > 0
            case .tooFew: rate == nil
            case .noisy: rate.map { $0.high > widestInterval * $0.low } ?? false
            case .behind:
                Statistics.median(rows.compactMap(\.shareLeft)) ?? 0 > backlogLimit
                    || Statistics.median(rows.compactMap(\.shareCaughtUp)) ?? 0 > catchUpLimit
            case .unfair:
                [Metric.fairness, .invalidationFairness].contains { metric in
                    Statistics.median(rows.compactMap { $0.isOversubscribed ? nil : $0[metric] }) ?? 1 < fairnessLimit
                }
            }
        }
    }
}

extension ResultRow {
    /// Whether there were more threads than cores for them.
    var isOversubscribed: Bool { self[.oversubscribed] == 1 }

    /// The share of what was due that was never started, of the role that is further behind; `nil` if nothing was paced.
    fileprivate var shareLeft: Double? {
        [(Metric.faultBacklog, Metric.faultsPerSecond), (.invalidationBacklog, .invalidationsPerSecond)]
            .compactMap { backlog, rate in
                self[backlog].map { left in left == 0 ? 0 : left / (left + (self[rate] ?? 0) * windowSeconds) }
            }
            .max()
    }

    /// How long after the window what was due in it took, in parts of the window; `nil` if nothing was paced, and if
    /// threads were without a core for longer than that by design.
    fileprivate var shareCaughtUp: Double? {
        if isOversubscribed { return nil }
        return [Metric.faultCatchUp, .invalidationCatchUp].compactMap { self[$0] }.max()
            .map { $0 / 1e9 / windowSeconds }
    }

    /// How long the repetition was measured: as long as its faults took at their rate.
    private var windowSeconds: Double {
        guard let rate = self[.faultsPerSecond], rate > 0, iterations > 0 else { return realNanoseconds / 1e9 }
        return Double(iterations) / rate
    }
}
