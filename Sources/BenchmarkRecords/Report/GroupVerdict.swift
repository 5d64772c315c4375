/// Which guard was best on one workload, and how sure that is.
public struct GroupVerdict: Sendable {
    /// The workload for people: `storm, 1 faulter, 1 invalidator`.
    public let workload: String
    /// The protected guard with the highest median of faults a second; `nil` where none was measured.
    public let best: String?
    /// Protected guards that the test does not tell apart from the best.
    public let tied: [String]
    /// Protected guards that no outcome of so few repetitions could have told apart from the best.
    public let undecided: [String]
    /// The guard whose invalidations the best one runs less than half of; `nil` where there is none.
    public let starved: String?
    /// The verdict in words.
    public let sentences: [String]

    /// How many other guards the best one was compared with.
    let comparisons: Int

    /// The level of the test, after correction for all comparisons in the group.
    static let alpha = 0.05

    /// Judges one group. A guard that is caught with a stale translation has no rank, however fast it is.
    ///
    /// The best guard is chosen by the same values that are tested, which makes the p-values a little too small. Like is
    /// compared with like: a guard whose higher median comes from a better state of the cores is not told apart.
    init(_ group: WorkloadGroup, unprotectedGuards: Set<String>) {
        let protected = group.series.filter { !unprotectedGuards.contains($0.guardName) }
        let stale = protected.filter { $0.staleInstalls ?? 0 > 0 }
        let ranked = protected.filter { ($0.staleInstalls ?? 0) == 0 && $0.median(.faultsPerSecond) != nil }
        let disqualification = stale.map { series in
            "\(series.name) is left out: it showed \(ScaledNumber.count(series.staleInstalls ?? 0)) stale translations."
        }
        workload = group.workload.title
        comparisons = max(0, ranked.count - 1)
        guard let best = ranked.first else {
            self.best = nil
            (tied, undecided, starved) = ([], [], nil)
            sentences = disqualification + ["No protected guard has a rank here."]
            return
        }
        self.best = best.name
        let others = Array(ranked.dropFirst())
        (tied, undecided) = Self.notToldApart(from: best, others)
        let busiest = others.compactMap { series in
            series.median(.invalidationsPerSecond).map { (series: series, rate: $0) }
        }
        .max { $0.rate < $1.rate }
        if let rate = best.median(.invalidationsPerSecond), let busiest, rate < busiest.rate / 2 {
            starved = busiest.series.name
        } else {
            starved = nil
        }
        let words = Words(best: best, others: others, all: group.series)
        var sentences = [words.lead(tied: tied, undecided: undecided)]
        if let latency = words.latency() { sentences.append(latency) }
        if starved != nil, let busiest {
            sentences.append(words.starvation(busiest: busiest.series.name, rate: busiest.rate))
        }
        if let lower = words.lowerLatency() { sentences.append(lower) }
        self.sentences = sentences + disqualification
    }

    /// The names for a sentence, the first five of many.
    static func list(_ names: [String]) -> String {
        let shown = names.count > 6 ? names.prefix(5) + ["\(names.count - 5) others"] : names
        guard let last = shown.last, shown.count > 1 else { return names.joined() }
        return shown.dropLast().joined(separator: ", ") + " and " + last
    }

    private static func notToldApart(
        from best: GuardSeries, _ others: [GuardSeries]
    ) -> (tied: [String], undecided: [String]) {
        let samples = others.map { LikeWithLike($0.faultRates, best.faultRates) }
        let found = Statistics.holmAdjusted(samples.map { Statistics.mannWhitneyP($0.strata) ?? 1 })
        let possible = Statistics.holmAdjusted(samples.map { Statistics.smallestMannWhitneyP($0.sizes) })
        var tied: [String] = []
        var undecided: [String] = []
        for (index, other) in others.enumerated() {
            if possible[index] >= alpha {
                undecided.append(other.name)
            } else if found[index] >= alpha || Statistics.cliffsDelta(samples[index].strata) ?? 0 <= 0 {
                tied.append(other.name)
            }
        }
        return (tied, undecided)
    }
}

/// The sentences about one group.
private struct Words {
    let best: GuardSeries
    /// The other protected guards, the fastest first.
    let others: [GuardSeries]
    /// All guards of the group, protected or not.
    let all: [GuardSeries]

    func lead(tied: [String], undecided: [String]) -> String {
        let rate = best.median(.faultsPerSecond) ?? 0
        let quotients = ["rwlock", "unprotected"].compactMap { name -> String? in
            guard name != best.guardName, name != others.first?.name,
                let other = all.first(where: { $0.guardName == name }),
                let otherRate = other.median(.faultsPerSecond), otherRate > 0
            else { return nil }
            return "\(ScaledNumber.ratio(rate / otherRate)) times \(name)"
        }
        let own = ["\(ScaledNumber.rate(rate, separator: " ")) faults/s", lead()].compactMap(\.self)
        let figures = (own + quotients).joined(separator: ", ")
        if others.isEmpty { return "\(best.name) is the only protected guard here: \(figures)." }
        if tied.isEmpty && undecided.isEmpty { return "\(best.name) is best: \(figures)." }
        var doubts: [String] = []
        if !tied.isEmpty { doubts.append("is not told apart from \(list(tied))") }
        if !undecided.isEmpty {
            let repetitions = best.rows.count
            let areTooFew = repetitions == 1 ? "1 repetition is too few" : "\(repetitions) repetitions are too few"
            doubts.append("\(areTooFew) to tell it from \(list(undecided))")
        }
        return "\(best.name) leads with \(figures), but \(doubts.joined(separator: ", and "))."
    }

    /// How far the next guard lies behind, with the interval; `nil` where the repetitions are too few for one.
    private func lead() -> String? {
        guard let next = others.first,
            let ratio = RatioInterval(LikeWithLike(next.faultRates, best.faultRates).strata), ratio.upper.isFinite
        else { return nil }
        let ends = "\(ScaledNumber.ratio(ratio.lower)) to \(ScaledNumber.ratio(ratio.upper))"
        return "\(ScaledNumber.ratio(ratio.estimate)) times \(next.name) (\(ends))"
    }

    /// The best guard's p99 and rate of invalidations, where they are known.
    func latency() -> String? {
        var parts: [String] = []
        if let p99 = best.median(.faultP99) {
            var part = "fault p99 is \(ScaledNumber.duration(p99, separator: " "))"
            if best.guardName != "rwlock", let rwlock = all.first(where: { $0.guardName == "rwlock" }),
                let other = rwlock.median(.faultP99), other > 0
            {
                part += ", \(ScaledNumber.ratio(p99 / other)) times rwlock's"
            }
            parts.append(part)
        }
        if let rate = best.median(.invalidationsPerSecond), rate > 0 {
            parts.append("it lets \(ScaledNumber.rate(rate, separator: " ")) invalidations/s through")
        }
        guard !parts.isEmpty else { return nil }
        let sentence = parts.joined(separator: "; ")
        return (sentence.hasPrefix("it") ? "I" + sentence.dropFirst() : "Its " + sentence) + "."
    }

    /// Another guard whose p99 is far lower: throughput alone would hide it.
    func lowerLatency() -> String? {
        guard let own = best.median(.faultP99),
            let lowest = others.compactMap({ other in other.median(.faultP99).map { (other.name, $0) } })
                .min(by: { $0.1 < $1.1 }), lowest.1 * 1.5 < own
        else { return nil }
        return "The lowest fault p99 is \(lowest.0)'s, \(ScaledNumber.duration(lowest.1, separator: " "))."
    }

    func starvation(busiest: String, rate: Double) -> String {
        "It starves the invalidator: \(busiest) lets \(ScaledNumber.rate(rate, separator: " ")) through."
    }

    private func list(_ names: [String]) -> String {
        names.count == others.count && names.count > 1 ? "any other guard" : GroupVerdict.list(names)
    }
}
