import Foundation

/// A value with the ends of its 95 % interval.
public struct Estimate: Hashable, Sendable {
    /// The value.
    public let value: Double
    /// The lower end.
    public let low: Double
    /// The upper end.
    public let high: Double
}

/// What one workload says about its guards, in one state of the cores.
public struct WorkloadAnswer: Sendable {
    /// For programs: `storm/faulters:1/invalidators:1`.
    public let name: String
    /// For people: `storm, 1 faulter, 1 invalidator`.
    public let title: String
    /// The scenario alone: `storm`.
    public let scenario: String
    /// Whether it is the kernel's own work on real memory, which meets no other guard.
    public let isOfKernelAlone: Bool
    /// The state that all of its figures are from; `nil` if none was measured, as for one thread alone.
    public let state: CoreState?
    /// What the faulters' cores did of their best, on the mean: 1 if nobody took a part of them. The figures are those of
    /// cores at their best. `nil` if it was not measured.
    public let coreShare: Double?
    /// The guard that ratios are to; `nil` if it was not measured here.
    public let reference: String?
    /// The guards: the protected ones by their effects, the fastest first, then those without a rank. An unsafe guard
    /// stands where its rate puts it.
    public let guards: [GuardAnswer]
    /// How many blocks its figures are from.
    public let blocks: Int
    /// How many blocks of this workload are of no state.
    public let setAside: Int
    /// Whether its scenario is about who waits for whom: starts were timed apart.
    public let isAboutWaits: Bool
    /// Whether there were more threads than cores for them: what took longest then says more than percentiles, which are
    /// the scheduler's.
    public let isOversubscribed: Bool
    /// The verdict in words: one or two sentences.
    public let verdict: String
    /// What a table of the guards does not show of it, to stand above one; `nil` if it shows everything.
    public let headline: String?
    /// Its guards in pairs.
    let comparisons: Comparisons
    /// What it is an answer for.
    let workload: Workload

    /// Fewer blocks in one state than this are too few for a figure.
    public static let fewestBlocks = 6
    /// So many are wanted: a run measures until each workload has them in one state, or its time is spent.
    public static let wantedBlocks = 12
    /// The level of the tests that tell guards apart, after Holm's correction for all pairs of a workload.
    static let level = 0.05
    /// The standard deviation, on the logarithm, by which one guard's rate differs from one run to the next beyond what
    /// a run shows of itself, unless the machine was calibrated.
    public static let defaultBetweenRuns = 0.02

    /// The protected guards that one may take here: those not told apart from the best of those that keep up.
    public var best: [GuardAnswer] { guards.filter { $0.group == 1 } }

    init(
        _ workload: Workload, blocks: [Block], state: CoreState?, setAside: Int, allRows: [ResultRow],
        speeds: CoreSpeeds, options: AnswerOptions
    ) {
        self.workload = workload
        name = workload.name
        title = workload.title
        scenario = workload.scenario
        isOfKernelAlone = workload.kind == .live && allRows.allSatisfy { $0.cell?.guardName == CellName.kernel }
        self.state = state
        self.blocks = blocks.count
        self.setAside = setAside
        let rowsByGuard = Dictionary(grouping: allRows) { $0.cell.map(GuardVariant.init(of:)) }
        isAboutWaits = allRows.contains { $0[.invalidationStartLongest] != nil }
        isOversubscribed = allRows.allSatisfy(\.isOversubscribed)
        let variants = Set(blocks.flatMap(\.rows.keys)).union(rowsByGuard.keys.compactMap(\.self))
            .sorted { $0.name < $1.name }
        let fit = EffectFit(
            blocks.map { block in
                variants.map { variant in
                    block.rows[variant].flatMap { EffectFit.Sample($0, share: speeds.share(of: $0)) }
                }
            }, guards: variants.count)
        let shares = blocks.flatMap(\.rows.values).compactMap { speeds.share(of: $0) }
        coreShare = shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
        let reference = variants.firstIndex { $0.name == options.reference }
        self.reference = reference.map { variants[$0].name }
        let comparisons = Comparisons(fit, betweenRuns: options.betweenRuns)
        self.comparisons = comparisons
        var guards = variants.indices.map { index in
            GuardAnswer(
                variants[index], index: index, rows: blocks.compactMap { $0.rows[variants[index]] },
                allRows: rowsByGuard[variants[index]] ?? [], comparison: comparisons, reference: reference,
                isProtected: !options.unprotectedGuards.contains(variants[index].guardName))
        }
        comparisons.rank(&guards)
        self.guards = guards.sorted { ($0.effect ?? -.infinity) > ($1.effect ?? -.infinity) }
        let words = WorkloadVerdict(title: title, guards: self.guards, reference: self.reference)
        verdict = words.text
        headline = words.headline
    }
}

extension EffectFit.Sample {
    /// The faults of a repetition; `nil` if there were none.
    init?(_ row: ResultRow, share: Double?) {
        guard let rate = row[.faultsPerSecond], rate > 0 else { return nil }
        self.init(logarithm: log(rate), share: share.map { log($0) } ?? 0)
    }
}

/// The guards of one workload, compared in pairs by their effects.
struct Comparisons {
    private let fit: EffectFit
    private let betweenRuns: Double

    init(_ fit: EffectFit, betweenRuns: Double) {
        self.fit = fit
        self.betweenRuns = betweenRuns
    }

    /// Whether a guard has blocks enough for a figure.
    private func isKnown(_ index: Int) -> Bool { fit.counts[index] >= WorkloadAnswer.fewestBlocks }

    /// The logarithm of a guard's rate; `nil` if its blocks are too few.
    func effect(_ index: Int) -> Double? { isKnown(index) ? fit.effects[index] : nil }

    /// A guard's rate.
    func rate(_ index: Int) -> Estimate? {
        guard isKnown(index), let found = fit.effect(index) else { return nil }
        return estimate(found, freedom: fit.freedom(index), runs: 1)
    }

    /// A guard's rate divided by another one's.
    func ratio(_ index: Int, to other: Int) -> Estimate? {
        guard let found = insideRun(index, other) else { return nil }
        if index == other { return Estimate(value: 1, low: 1, high: 1) }
        return estimate(found, freedom: fit.freedom(index, other), runs: 2)
    }

    /// The logarithm of a guard's rate divided by another one's, and its standard error inside this run; `nil` if the blocks
    /// of one of them are too few.
    func insideRun(_ index: Int, _ other: Int) -> (value: Double, error: Double)? {
        isKnown(index) && isKnown(other) ? fit.difference(index, other) : nil
    }

    /// The p-value of the hypothesis that two guards are as fast, inside this run: two-sided, of Student's t.
    func pInsideRun(_ index: Int, _ other: Int) -> Double? { p(index, other, runs: 0) }

    /// Puts the guards that keep up into groups: the first holds those that are not told apart from the fastest, the second
    /// those not told apart from the fastest of the rest, and so on. If no guard keeps up, all are taken that have a rank.
    func rank(_ guards: inout [GuardAnswer]) {
        let ranked = guards.indices.filter { guards[$0].hasRank }
            .sorted { guards[$0].effect! > guards[$1].effect! }
        var pairs: [(Int, Int)] = []
        for (position, first) in ranked.enumerated() {
            pairs += ranked[(position + 1)...].map { (first, $0) }
        }
        let adjusted = Statistics.holmAdjusted(pairs.map { p(guards[$0.0].index, guards[$0.1].index, runs: 2) ?? 1 })
        for (pair, p) in zip(pairs, adjusted) where p < WorkloadAnswer.level {
            guards[pair.0].fasterThan.insert(guards[pair.1].name)
        }
        let keepingUp = ranked.filter { guards[$0].keepsUp }
        var left = keepingUp.isEmpty ? ranked : keepingUp
        var group = 1
        while let leader = left.first {
            let members = left.filter { !guards[leader].fasterThan.contains(guards[$0].name) }
            for member in members { guards[member].group = group }
            left.removeAll(where: members.contains)
            group += 1
        }
    }

    private func p(_ index: Int, _ other: Int, runs: Double) -> Double? {
        guard let found = insideRun(index, other) else { return nil }
        let whole = withRuns(found.error, freedom: fit.freedom(index, other), runs: runs)
        if found.value == 0 { return 1 }
        return whole.error > 0 ? StudentsT.twoSidedP(beyond: found.value / whole.error, freedom: whole.freedom) : 0
    }

    /// A standard error inside this run, and what so many guards differ by between runs. Of the sum, only the first part is
    /// estimated: its degrees of freedom are those of Welch and Satterthwaite.
    private func withRuns(_ error: Double, freedom: Double, runs: Double) -> (error: Double, freedom: Double) {
        let inside = error * error
        let whole = inside + runs * betweenRuns * betweenRuns
        // A million is the normal distribution.
        return (whole.squareRoot(), min(freedom * (whole / inside) * (whole / inside), 1e6))
    }

    private func estimate(_ found: (value: Double, error: Double), freedom: Double, runs: Double) -> Estimate {
        let whole = withRuns(found.error, freedom: freedom, runs: runs)
        let reach = whole.error * StudentsT.distance(exceededWith: WorkloadAnswer.level, freedom: whole.freedom)
        return Estimate(value: exp(found.value), low: exp(found.value - reach), high: exp(found.value + reach))
    }
}
