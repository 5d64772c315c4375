/// What decides how an answer is made.
public struct AnswerOptions: Sendable {
    /// The guard that others are compared with.
    public var reference: String
    /// The guards that are declared unsafe.
    public var unprotectedGuards: Set<String>
    /// By how much one guard's rate differs from run to run beyond what one run shows: the standard deviation of its
    /// logarithm, 0 or above.
    public var betweenRuns: Double
    /// Counts whose lines stand beside the ladders; `nil` for none.
    public var counts: CostTable?

    /// The reference that is taken unless another one is asked for: what the Linux kernel merged.
    public static let defaultReference = "interval"
    /// The guard of ours that does not protect.
    public static let unprotectedGuard = "unprotected"

    /// The key of a results file's context that says what ``betweenRuns`` was when the run was made.
    public static let betweenRunsKey = "between_runs"

    /// The defaults.
    public init(
        reference: String = defaultReference, unprotectedGuards: Set<String> = [unprotectedGuard],
        betweenRuns: Double = WorkloadAnswer.defaultBetweenRuns, counts: CostTable? = nil
    ) {
        self.reference = reference
        self.unprotectedGuards = unprotectedGuards
        self.betweenRuns = betweenRuns
        self.counts = counts
    }
}

/// The answer of a run, or of several on one machine: which guard to take, and what each workload says.
///
/// In each workload and each state of the cores, one effect is fitted for each guard and each block (``EffectFit``). Every
/// rank, ratio and interval is made from the guards' effects, so they agree with each other.
public struct RunAnswer: Sendable {
    /// In the order in which the rows have them; a workload comes again for another state of the cores that it met often
    /// enough to compare guards there. If it has one guard only, a rate there is enough.
    public let workloads: [WorkloadAnswer]
    /// Which guard to take in general; `nil` if none was ranked in all workloads, or there is one workload only.
    public let advice: Advice?
    private let counts: CostTable?

    /// How its guards get on with more faulters: one ladder for each workload that was measured with three numbers of them
    /// or more in one state of the cores.
    public var ladders: [Ladder] { Ladder.all(in: workloads, counts: counts) }

    /// Judges the repetitions in `rows`; rows that are aggregates, or no cells of ours, are left out.
    public init(rows: [ResultRow], options: AnswerOptions = AnswerOptions()) {
        let repetitions = rows.filter { $0.runType == .iteration && $0.cell != nil }
        let states = CoreStates(repetitions)
        let speeds = CoreSpeeds(repetitions)
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
                    speeds: speeds, options: options)
            }
            main.append(answers[0])
            let fewestRanks = min(2, answers[0].guards.count(where: \.hasRank))
            return answers.prefix(1) + answers.dropFirst().filter { $0.guards.count(where: \.hasRank) >= fewestRanks }
        }
        // The kernel alone has no rival.
        advice = Advice(main.filter { !$0.isOfKernelAlone })
        counts = options.counts
    }
}
