/// What a reader of a table must know about a line before taking it at its word.
enum SeriesFlag: String, CaseIterable {
    /// The guard is declared unsafe.
    case unsafe = "UNSAFE"
    /// A protected guard with a stale translation is broken; an unsafe one does what it is there for.
    case stale = "STALE!"
    /// A repetition was measured while the machine was outside the limits of noise.
    case noisy
    /// The rate rose or fell inside the window: the warm-up was not over.
    case trend
    /// Most of its repetitions met the cores in other states than those of other guards.
    case mixed
    /// Work that was due was not started.
    case behind
    /// Some threads of a role got far more done than others.
    case unfair

    /// A median trend of less than this is none, in parts of 1.
    static let trendLimit = 0.03
    /// The level of the test for a trend.
    static let trendLevel = 0.05
    /// A larger share of what was due, left undone, is a backlog.
    static let backlogLimit = 0.01
    /// Jain's index below which threads are served unfairly.
    static let fairnessLimit = 0.8

    /// What stands for it at the end of a line; `nil` for ``unsafe``, which stands behind the guard's name.
    var mark: String? {
        switch self {
        case .unsafe: nil
        case .stale: rawValue
        case .noisy, .trend, .mixed, .behind, .unfair: String(rawValue.prefix(1))
        }
    }

    /// The marks of one line; where the guard is broken nothing else counts.
    static func marks(_ flags: [SeriesFlag]) -> String {
        flags.contains(.stale) ? stale.rawValue : flags.compactMap(\.mark).joined()
    }

    /// The flags of one line, in the order of this list.
    static func all(of series: GuardSeries, unprotectedGuards: Set<String>) -> [SeriesFlag] {
        let isUnsafe = unprotectedGuards.contains(series.guardName)
        return allCases.filter { flag in
            switch flag {
            case .unsafe: isUnsafe
            case .stale: !isUnsafe && series.staleInstalls ?? 0 > 0
            case .noisy: series.rows.contains { Noise($0).isNoisy }
            case .trend: series.hasTrend
            case .mixed: series.isMixed
            case .behind: series.backlogShare ?? 0 > backlogLimit
            case .unfair: series.lowestFairness ?? 1 < fairnessLimit
            }
        }
    }
}

extension GuardSeries {
    /// Jain's index of the role that is served less evenly; `nil` where neither has one.
    var lowestFairness: Double? { [median(.fairness), median(.invalidationFairness)].compactMap(\.self).min() }

    /// Whether the second half of the windows was faster than the first, or slower, too often for chance.
    fileprivate var hasTrend: Bool {
        let trends = values(.faultTrend)
        guard let median = Statistics.median(trends) else { return false }
        return abs(median - 1) > SeriesFlag.trendLimit
            && Statistics.signTestP(trends, centre: 1) < SeriesFlag.trendLevel
    }

    /// The median share of what was due that was not started, of the role that is further behind; `nil` where nothing
    /// was paced.
    var backlogShare: Double? {
        let shares = alike.compactMap { row in
            [
                row.backlogShare(.faultBacklog, rate: .faultsPerSecond),
                row.backlogShare(.invalidationBacklog, rate: .invalidationsPerSecond),
            ]
            .compactMap(\.self).max()
        }
        return Statistics.median(shares)
    }
}

extension ResultRow {
    /// The share of what was due: what was done and what was left.
    fileprivate func backlogShare(_ backlog: Metric, rate: Metric) -> Double? {
        self[backlog].map { left in left == 0 ? 0 : left / (left + (self[rate] ?? 0) * windowSeconds) }
    }

    /// How long the repetition was measured: as long as its faults took at their rate.
    private var windowSeconds: Double {
        guard let rate = self[.faultsPerSecond], rate > 0, iterations > 0 else { return realNanoseconds / 1e9 }
        return Double(iterations) / rate
    }
}
