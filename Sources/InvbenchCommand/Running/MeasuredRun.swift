import BenchmarkRecords
import CGoogleBenchmark
import Glibc
import InvalidationStorm
import RecordedEvents

/// A run of a command that measures, from the choice of cells to the exit code.
struct MeasuredRun {
    let options: RunOptions
    /// What can be named.
    let catalogue: CellCatalogue
    /// Threads that serve faults in user space, if their number was chosen.
    var handlers: Int?
    /// The control of the checks that the run relies on: whether they find what is put before them.
    let detectorFindsAll: () -> Bool

    func run() throws {
        let topology = try options.placement.readTopology()
        let plan = try RunPlan(
            options, catalogue: catalogue, cores: topology.allowedThreadCount, handlers: handlers)
        let placements = try PlannedPlacements(plan.cells, options.placement.chosen, on: topology)
        if options.benchmark.listTests { return try list(plan) }
        if options.placement.plan { return try show(placements, on: topology) }
        let fingerprint = Fingerprint(host: options.measuring.host, build: .ofThisProgram)
        let counters = ProcessorCounters()
        let calibration = try NoiseCalibration.ofMachine(
            fingerprint.machine.machineID, results: options.measuring.results)
        let betweenRuns = calibration?.betweenRuns ?? WorkloadAnswer.defaultBetweenRuns
        let context = try RunContext.lines(
            of: plan, options: options, fingerprint: fingerprint, counters: counters, betweenRuns: betweenRuns)

        Interruption.survivesFailedWrites()
        Interruption.watch()
        let scenarios = try loadScenarios(of: plan)
        try checkMachine()
        try checkThreads(of: placements)
        try checkDetector()
        if let signal = Interruption.signal { throw ExitStatus.interrupted(signal: signal) }
        let destinations = try Destinations(
            options, plan: plan, fingerprint: fingerprint, context: context, betweenRuns: betweenRuns)
        StandardError.write(
            RunHeader.text(
                of: plan, options: options, machine: fingerprint.machine, counters: counters,
                resultsPath: destinations.resultsPath))
        let session = MeasuringSession(
            plan: plan, scenarios: scenarios, cancellation: Interruption.cancellation,
            destinations: destinations.all, histograms: destinations.histograms,
            progress: ProgressLine(total: plan.cells.count * plan.repetitions, expectedSeconds: plan.expectedSeconds))
        session.run(context: context)
        try end(session.rows, of: plan, destinations: destinations, signal: Interruption.signal)
    }

    /// Prints the cells' names and touches no file.
    private func list(_ plan: RunPlan) throws {
        let output = TextSink.standardOutput()
        for cell in plan.cells { output.write(cell.name + "\n") }
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    /// Prints who would run where.
    private func show(_ placements: PlannedPlacements, on topology: Topology) throws {
        let output = TextSink.standardOutput()
        output.write(PlanText(placement: options.placement.chosen, topology: topology).text(of: placements))
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    /// Google Benchmark would end the process over a file that it cannot read.
    private func checkMachine() throws {
        guard let fault = cgb_machine_fault() else { return }
        throw UsageError(
            "Google Benchmark cannot read /proc/cpuinfo: \(String(cString: fault)); each 'processor :' and 'cpu MHz :' "
                + "there has to have a number, as Linux writes it on x86 and Arm")
    }

    /// A thread that cannot be started would end the run in its middle.
    private func checkThreads(of placements: PlannedPlacements) throws {
        let most = placements.entries.map(\.plan.places.count).max() ?? 0
        if let missing = Prerequisites.missingSpace(threads: most) {
            throw UsageError("a cell has \(most) threads: \(missing), or choose fewer --faulters and --invalidators")
        }
        // liburcu starts one of its own, for deferred calls.
        guard let shortage = ThreadAllowance.shortage(of: most + 1) else { return }
        throw UsageError(
            "a cell has \(most) threads, and one more runs beside them; only \(shortage.started) can be started: "
                + "\(String(cString: strerror(shortage.error))); raise the limits (ulimit -u, ulimit -v, pids.max), or "
                + "choose fewer --faulters and --invalidators")
    }

    /// A check that sees nothing would make every guard look safe.
    private func checkDetector() throws {
        if detectorFindsAll() { return }
        StandardError.say(
            "the detector of stale translations failed its control: a forced one was not seen. Nothing was measured, "
                + "since no result could be trusted; please report this with the output of invbench list")
        throw ExitStatus.unsafe
    }

    private func loadScenarios(of plan: RunPlan) throws -> [String: Scenario] {
        do {
            return try plan.loadScenarios()
        } catch let error as TraceError {
            throw UsageError(error.description)
        }
    }

    /// Says what happened to the results, and ends with the code for it.
    private func end(_ rows: [ResultRow], of plan: RunPlan, destinations: Destinations, signal: Int32?) throws {
        let repetitions = rows.filter { $0.runType == .iteration }
        if let signal {
            StandardError.say(
                "ended by signal \(signal): \(repetitions.count) of \(plan.cells.count * plan.repetitions) repetitions were finished"
            )
        }
        let stale = StaleTranslations.found(in: repetitions, of: plan.cells)
        if !stale.isEmpty { StandardError.say(StaleTranslations.message(stale)) }
        NoiseMessage.lines(of: repetitions, retryLimit: plan.noisyRetries).forEach(StandardError.say)
        if let path = destinations.resultsPath { StandardError.write("results  \(path)\n") }
        let status = ExitStatus.ofRun(
            signal: signal, sawStaleTranslations: !stale.isEmpty, lostOutput: destinations.haveFailed)
        if status != .success { throw status }
    }
}
