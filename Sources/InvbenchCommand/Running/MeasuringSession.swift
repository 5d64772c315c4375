import BenchmarkRecords
import CGoogleBenchmark
import InvalidationStorm

/// The measuring itself: Google Benchmark runs the repetitions in the plan's order and makes the rows; each row goes to
/// every destination the moment it is finished. One a process, as Google Benchmark has one registry.
final class MeasuringSession {
    private let plan: RunPlan
    private let scenarios: [String: Scenario]
    private let cancellation: Cancellation
    private let destinations: [any RowDestination]
    private let histograms: HistogramFiles?
    private let progress: ProgressLine
    private let source: Source
    private var session: OpaquePointer?
    private var extent: RunExtent
    /// The finished repetitions of each cell.
    private var finished: [[ResultRow]]
    /// The row that Google Benchmark is writing, and whether its times are fractions.
    private var latest: (row: ResultRow, isRatio: Bool)?
    private var hasToldOfRefusal = false
    /// Every finished row, aggregates too, in the order in which they came.
    private(set) var rows: [ResultRow] = []

    /// Measures one repetition of a cell; `nil` where it was cancelled.
    typealias Source = (Cell, StormSettings, Cancellation) -> StormMeasurement?

    init(
        plan: RunPlan, scenarios: [String: Scenario], cancellation: Cancellation,
        destinations: [any RowDestination], histograms: HistogramFiles?, progress: ProgressLine,
        source: @escaping Source = { $0.entry.run($1, $2) }
    ) {
        self.plan = plan
        self.scenarios = scenarios
        self.cancellation = cancellation
        self.destinations = destinations
        self.histograms = histograms
        self.progress = progress
        self.source = source
        extent = RunExtent(plan)
        finished = Array(repeating: [], count: plan.cells.count)
    }

    /// Runs until the plan is done or the cancellation is raised, and ends every destination.
    func run(context: [ContextLine]) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        let session = cgb_session_create(
            this,
            { caller, position, row in
                Unmanaged<MeasuringSession>.fromOpaque(caller!).takeUnretainedValue().measure(position, into: row!)
            },
            { caller, part, text, length in
                let text = UnsafeRawBufferPointer(start: text, count: length)
                Unmanaged<MeasuringSession>.fromOpaque(caller!).takeUnretainedValue()
                    .write(part, String(decoding: text, as: UTF8.self))
            })
        self.session = session
        for line in context { cgb_session_add_context(session, line.key, line.value) }
        for planned in plan.order {
            withLabel(of: planned) { cgb_session_register(session, $0) }
        }
        // One repetition more, behind all that is measured: it makes the aggregates.
        withLabel(of: PlannedRepetition(cell: 0, repetition: 0)) { cgb_session_register(session, $0) }
        _ = cgb_session_run(session)
        self.session = nil
        cgb_session_destroy(session)
        progress.clear()
        let rows = rowsInPlanOrder
        for destination in destinations { destination.end(rows) }
    }

    /// The rows cell by cell, as people read them; they came in random rounds.
    private var rowsInPlanOrder: [ResultRow] {
        let byName = Dictionary(grouping: rows, by: \.runName)
        return plan.cells.flatMap { byName[$0.name] ?? [] }
    }

    /// Google Benchmark's call for one repetition; leaves the row unset where it was cancelled.
    private func measure(_ position: Int, into row: OpaquePointer) {
        if cancellation.isRaised { return }
        guard position < plan.order.count else { return reportAggregates() }
        guard extent.includes(position, rows: rows) else { return }
        let planned = plan.order[position]
        let cell = plan.cells[planned.cell]
        guard let scenario = scenarios[cell.scenario.name] else { return }
        progress.show(position: rows.count, name: cell.name)
        let settings = cell.settings(
            of: scenario, windowNanoseconds: plan.windowNanoseconds, warmUpNanoseconds: plan.warmUpNanoseconds,
            seed: Schedule.workSeed(seed: plan.seed, repetition: planned.repetition))
        let kept = NoisyRetries.measure(limit: plan.noisyRetries, isProtected: cell.entry.isProtected) {
            source(cell, settings, cancellation)
        }
        guard let kept else { return }
        sayIfRefused(kept.measurement.memory)
        histograms?.add(kept.measurement.latencies, ofCell: cell.name)
        let result = RepetitionRow.of(
            kept.measurement, name: cell.name, planned: planned, repetitions: plan.mostRepetitions,
            windowNanoseconds: plan.windowNanoseconds, noisyRetries: kept.thrownAway)
        Self.fill(row, from: result, isRatio: false)
        latest = (result, false)
    }

    /// Says once that memory is not where it was wanted; each row says it of its repetition.
    private func sayIfRefused(_ memory: MemoryOutcome?) {
        guard case .refused(let reason) = memory, !hasToldOfRefusal else { return }
        hasToldOfRefusal = true
        progress.clear()
        StandardError.say(
            "the kernel did not put memory where --memory says (\(reason)); rows where it did not have memory_placed 0")
    }

    /// Google Benchmark's call for each piece of the document. The closing is written by the destinations themselves.
    private func write(_ part: cgb_part, _ text: String) {
        switch part {
        case cgb_part_opening:
            for destination in destinations { destination.begin(text) }
        case cgb_part_repetition, cgb_part_aggregate:
            guard let row = latest?.row else { return }
            latest = nil
            rows.append(row)
            progress.clear()
            for destination in destinations { destination.add(FinishedRow(row: row, json: text)) }
            if part == cgb_part_repetition { finish(row) }
        default: break
        }
    }

    /// Counts a repetition in.
    private func finish(_ row: ResultRow) {
        guard let cell = plan.cells.firstIndex(where: { $0.name == row.runName }) else { return }
        finished[cell].append(row)
    }

    /// The aggregates of every cell with two repetitions or more, behind the last repetition.
    private func reportAggregates() {
        for cell in plan.cells.indices where finished[cell].count > 1 { reportAggregates(of: cell) }
    }

    private func reportAggregates(of cell: Int) {
        for statistic in LibraryStatistic.all(of: session) {
            guard let aggregate = statistic.aggregate(of: finished[cell]) else { continue }
            latest = (aggregate, statistic.isRatio)
            withLabel(of: PlannedRepetition(cell: cell, repetition: 0)) { label in
                let this = Unmanaged.passUnretained(self).toOpaque()
                cgb_session_report(session, label, statistic.index, this) { caller, row in
                    let session = Unmanaged<MeasuringSession>.fromOpaque(caller!).takeUnretainedValue()
                    guard let latest = session.latest else { return }
                    MeasuringSession.fill(row!, from: latest.row, isRatio: latest.isRatio)
                }
            }
        }
    }

    private static func fill(_ row: OpaquePointer, from result: ResultRow, isRatio: Bool) {
        let unit = isRatio ? 1 : 1e-9  // Google Benchmark takes seconds
        cgb_row_set(row, Int64(result.iterations), result.realNanoseconds * unit, result.cpuNanoseconds * unit)
        for (key, value) in result.counters { cgb_row_add_counter(row, key, value) }
    }

    private func withLabel(of planned: PlannedRepetition, _ body: (UnsafePointer<cgb_label>) -> Void) {
        let cell = plan.cells[planned.cell]
        cell.name.withCString { name in
            var label = cgb_label(
                name: name, cell: Int64(planned.cell), threads: Int64(cell.faulters),
                repetition: Int64(planned.repetition), repetitions: Int64(plan.mostRepetitions))
            body(&label)
        }
    }
}
