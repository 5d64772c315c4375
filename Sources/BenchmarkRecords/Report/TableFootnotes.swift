import Foundation

/// What the flags of a table mean, once each, with the numbers behind them and what to do.
struct TableFootnotes {
    private let flagged: [SeriesFlag: [GuardSeries]]
    private let repetitions: Int
    /// Those that are left out of the medians, since they met the cores in another state.
    private let strays: [ResultRow]

    /// Of all lines of a table.
    init(_ series: [GuardSeries], unprotectedGuards: Set<String>) {
        var flagged: [SeriesFlag: [GuardSeries]] = [:]
        for series in series {
            for flag in SeriesFlag.all(of: series, unprotectedGuards: unprotectedGuards) {
                flagged[flag, default: []].append(series)
            }
        }
        self.flagged = flagged
        repetitions = series.reduce(0) { $0 + $1.rows.count }
        strays = series.flatMap(\.strays)
    }

    /// A line for each flag that occurs, and one for what is left out.
    var lines: [String] {
        let flags = SeriesFlag.allCases.compactMap { flag in
            flagged[flag].map { series in
                let name = flag.mark.map { $0 == flag.rawValue ? $0 : "\($0) = \(flag.rawValue)" } ?? flag.rawValue
                return "\(name): \(words(flag, series))"
            }
        }
        return flags + [leftOut].compactMap(\.self)
    }

    private var leftOut: String? {
        let trips = strays.compactMap { $0[.coreRoundTrip] }
        guard let shortest = trips.min(), let longest = trips.max() else { return nil }
        return
            "left out: \(strays.count) of \(ScaledNumber.counted(repetitions, "repetition")) met the cores in another "
            + "state than most of their workload, with round trips from \(ScaledNumber.duration(shortest)) to "
            + "\(ScaledNumber.duration(longest)); n counts the others, and the verdict compares within each state"
    }

    private func words(_ flag: SeriesFlag, _ series: [GuardSeries]) -> String {
        let lines = ScaledNumber.counted(series.count, "line")
        switch flag {
        case .unsafe: return "it does not protect: the control and the speed limit, never a choice"
        case .stale:
            let count = series.reduce(0) { $0 + ($1.staleInstalls ?? 0) }
            return "\(ScaledNumber.count(count)) stale translations in \(lines): do not use these guards, and report it"
        case .noisy:
            let noise = RunNoise(series.flatMap(\.rows))
            let kinds = GroupVerdict.list(noise.frequentKinds.map(\.rawValue))
            return "\(noise.noisy) of \(ScaledNumber.counted(repetitions, "repetition")), mostly by \(kinds): "
                + "see invbench doctor, or --retry-noisy 3"
        case .trend:
            let trends = series.compactMap { Statistics.median($0.values(.faultTrend)) }
            return
                "in \(lines) the second half of the window ran at \(Self.range(trends)) times the rate of the first: "
                + "the warm-up was not over; take a longer --window"
        case .mixed:
            return "more than half of the repetitions of \(lines) met the cores in another state than most of their "
                + "workload: their medians are over all states, and say little"
        case .behind:
            let share = series.compactMap(\.backlogShare).max() ?? 0
            return "in \(lines) up to \(ScaledNumber.small(100 * share)) % of what was due never started: that rate is "
                + "more than the guard can do here, and latencies say no more than that; offer less"
        case .unfair:
            let fairness = series.compactMap(\.lowestFairness)
            return "in \(lines) Jain's index over the threads of a role is \(Self.range(fairness)), below "
                + "\(SeriesFlag.fairnessLimit): some threads starve, and the rate is that of the others"
        }
    }

    private static func range(_ values: [Double]) -> String {
        let ends = [values.min(), values.max()].compactMap(\.self).map { String(format: "%.2f", $0) }
        return (ends.first == ends.last ? ends.dropLast() : ends).joined(separator: " to ")
    }
}
