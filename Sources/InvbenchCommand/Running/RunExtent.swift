import BenchmarkRecords

/// Decides, block by block, how far a run goes: each workload as often as the plan says, then again if too few of its
/// blocks met the cores in one state, and nothing more when the time is spent.
struct RunExtent {
    private let plan: RunPlan
    private let clock = ContinuousClock()
    private var start: ContinuousClock.Instant?
    /// The block that was decided on last, by its workload and its repetition, and whether it is measured.
    private var current: (block: [Int], isIncluded: Bool)?
    /// How long the longest block of each workload took, in seconds.
    private var longest: [Int: Double] = [:]
    private var blockStart: (workload: Int, instant: ContinuousClock.Instant)?
    private let workloadOfCell: [Int]

    init(_ plan: RunPlan) {
        self.plan = plan
        var workloadOfCell = [Int](repeating: 0, count: plan.cells.count)
        for (workload, cells) in plan.workloads.enumerated() {
            for cell in cells { workloadOfCell[cell] = workload }
        }
        self.workloadOfCell = workloadOfCell
    }

    /// Whether the repetition at `position` is measured; `rows` are all that were finished. A block is measured as a
    /// whole, or not at all.
    mutating func includes(_ position: Int, rows: [ResultRow]) -> Bool {
        let planned = plan.order[position]
        let workload = workloadOfCell[planned.cell]
        let block = [workload, planned.repetition]
        if let current, current.block == block { return current.isIncluded }
        let now = clock.now
        if let last = blockStart {
            longest[last.workload] = max(longest[last.workload, default: 0], (now - last.instant) / .seconds(1))
            blockStart = nil
        }
        let begin = start ?? now
        start = begin
        let isIncluded = hasTime(after: (now - begin) / .seconds(1), for: workload) && isWanted(planned, workload, rows)
        if isIncluded { blockStart = (workload, now) }
        current = (block, isIncluded)
        return isIncluded
    }

    /// Not interleaved, the cells of a block do not follow each other, and all of them are measured.
    private func hasTime(after seconds: Double, for workload: Int) -> Bool {
        plan.budgetSeconds.map { seconds + longest[workload, default: 0] <= $0 } ?? true
    }

    private func isWanted(_ planned: PlannedRepetition, _ workload: Int, _ rows: [ResultRow]) -> Bool {
        guard planned.repetition >= plan.repetitions else { return true }
        guard let name = CellName(plan.cells[planned.cell].name)?.workloadName else { return false }
        return RunAnswer.blocksInOneState(rows, ofWorkload: name) < plan.repetitions
    }
}
