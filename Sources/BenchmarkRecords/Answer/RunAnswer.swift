/// What decides how an answer is made.
public struct AnswerOptions: Sendable {
    /// The guard that others are compared with.
    public var reference: String
    /// The guards that are declared unsafe.
    public var unprotectedGuards: Set<String>
    /// By how much one guard's rate differs from run to run beyond what one run shows: the standard deviation of its
    /// logarithm, 0 or above.
    public var betweenRuns: Double

    /// The reference that is taken unless another one is asked for: what the Linux kernel merged.
    public static let defaultReference = "interval"
    /// The guard of ours that does not protect.
    public static let unprotectedGuard = "unprotected"

    /// The defaults.
    public init(
        reference: String = defaultReference, unprotectedGuards: Set<String> = [unprotectedGuard],
        betweenRuns: Double = WorkloadAnswer.defaultBetweenRuns
    ) {
        self.reference = reference
        self.unprotectedGuards = unprotectedGuards
        self.betweenRuns = betweenRuns
    }
}

/// The answer of a run, or of several on one machine: which guard to take, and what each workload says.
///
/// In each workload and each state of the cores, one effect is fitted for each guard and each block (``EffectFit``). Every
/// rank, ratio and interval is made from the guards' effects, so they agree with each other.
public struct RunAnswer: Sendable {
    /// In the order in which the rows have them; a workload that met two states often enough comes once for each.
    public let workloads: [WorkloadAnswer]
    /// Which guard to take in general; `nil` if none was ranked in all workloads, or there is one workload only.
    public let advice: Advice?

    /// Judges the repetitions in `rows`; rows that are aggregates, or no cells of ours, are left out.
    public init(rows: [ResultRow], options: AnswerOptions = AnswerOptions()) {
        let repetitions = rows.filter { $0.runType == .iteration && $0.cell != nil }
        let states = CoreStates(repetitions)
        var order: [Workload] = []
        var rowsByWorkload: [Workload: [ResultRow]] = [:]
        for row in repetitions {
            guard let cell = row.cell else { continue }
            let workload = Workload(of: cell)
            if rowsByWorkload[workload] == nil { order.append(workload) }
            rowsByWorkload[workload, default: []].append(row)
        }
        var main: [WorkloadAnswer] = []
        workloads = order.flatMap { workload in
            let rows = rowsByWorkload[workload, default: []]
            let blocks = Blocks(rows, states: states)
            let shown = blocks.byState.enumerated()
                .filter { $0.offset == 0 || $0.element.blocks.count >= WorkloadAnswer.fewestBlocks }.map(\.element)
            let answers = (shown.isEmpty ? [(state: nil, blocks: [])] : shown).map { state, inState in
                WorkloadAnswer(
                    workload, blocks: inState, state: state, setAside: blocks.setAside, allRows: rows,
                    options: options)
            }
            main.append(answers[0])
            return answers
        }
        advice = Advice(main)
    }
}

/// Which guard to take in general, by a rule: of the guards that are ranked in every workload and never behind, the one
/// whose rate, divided by the best one's, is highest in the workload where it is lowest.
public struct Advice: Sendable {
    /// The guard.
    public let name: String
    /// Its rate divided by the best one's, in the workload where that is lowest.
    public let worstShare: Double
    /// The workload where that is.
    public let worstWorkload: String
    /// How many workloads there are.
    public let workloads: Int
    /// Where another guard is better by a tenth or more, and told apart from it.
    public let exceptions: [(workload: String, name: String, ratio: Double)]

    /// A guard that is better by less than this is not worth another choice.
    static let margin = 1.1

    init?(_ answers: [WorkloadAnswer]) {
        let ranked = answers.filter { !$0.best.isEmpty }
        guard ranked.count > 1 else { return nil }
        // The scenario names a workload, unless two have it.
        func name(_ answer: WorkloadAnswer) -> String {
            ranked.count { $0.scenario == answer.scenario } == 1 ? answer.scenario : answer.title
        }
        let everywhere =
            ranked.map { answer in Set(answer.guards.filter { $0.hasRank && $0.keepsUp }.map(\.name)) }
            .reduce(nil as Set<String>?) { $0?.intersection($1) ?? $1 } ?? []
        func share(_ guardName: String, in answer: WorkloadAnswer) -> Double {
            guard let own = answer.guards.first(where: { $0.name == guardName })?.faultsPerSecond?.value,
                let best = answer.guards.filter({ $0.hasRank && $0.keepsUp }).compactMap(\.faultsPerSecond?.value).max()
            else { return 0 }
            return own / best
        }
        func worst(_ guardName: String) -> (share: Double, workload: String) {
            ranked.map { (share(guardName, in: $0), name($0)) }.min { $0.0 < $1.0 } ?? (0, "")
        }
        let candidates = everywhere.sorted().map { (name: $0, worst: worst($0)) }
        guard let chosen = candidates.max(by: { $0.worst.share < $1.worst.share }) else { return nil }
        self.name = chosen.name
        worstShare = chosen.worst.share
        worstWorkload = chosen.worst.workload
        workloads = ranked.count
        exceptions = ranked.compactMap { answer in
            let better = answer.guards.filter { $0.keepsUp && $0.hasRank && $0.fasterThan.contains(chosen.name) }
            guard let first = better.first, let rate = first.faultsPerSecond?.value,
                let own = answer.guards.first(where: { $0.name == chosen.name })?.faultsPerSecond?.value,
                rate / own >= Self.margin
            else { return nil }
            return (name(answer), first.name, rate / own)
        }
    }
}
