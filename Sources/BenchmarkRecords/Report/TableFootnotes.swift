import Foundation

/// What the flags of a table mean, once each, with the numbers behind them and what to do.
struct TableFootnotes {
    private let flagged: [SeriesFlag: [GuardSeries]]
    private let repetitions: Int

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
    }

    /// A line for each flag that occurs.
    var lines: [String] {
        SeriesFlag.allCases.compactMap { flag in
            flagged[flag].map { series in
                let name = flag.mark.map { $0 == flag.rawValue ? $0 : "\($0) = \(flag.rawValue)" } ?? flag.rawValue
                return "\(name): \(words(flag, series))"
            }
        }
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
            let centres = series.flatMap { $0.states.centres }
            let near = [centres.min(), centres.max()].compactMap(\.self).map { ScaledNumber.duration($0) }
            return "the repetitions of \(lines) met the cores in different states, with round trips from about "
                + "\(near.joined(separator: " to ")): their median lies between; the verdict compares like with like; "
                + "more repetitions help, on a machine of one's own all the more"
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
        let ends = Set([values.min(), values.max()].compactMap(\.self).map { String(format: "%.2f", $0) })
        return ends.sorted().joined(separator: " to ")
    }
}
