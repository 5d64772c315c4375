import ArgumentParser
import BenchmarkRecords
import InvalidationStorm
import RecordedEvents

/// `invbench run`, and `invbench` alone: measures, shows a table, keeps a results file.
struct RunCommand: GuardCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measures guards and shows which is fastest here.")

    @OptionGroup var options: RunOptions

    func run(guards: [GuardEntry]) throws {
        let topology = try options.placement.readTopology()
        let catalogue = try CellCatalogue(guards: guards, userTraces: options.choice.traces)
        let plan = try RunPlan(options, catalogue: catalogue, cores: topology.allowedThreadCount)
        let placements = try PlannedPlacements(plan.cells, options.placement.chosen, on: topology)
        if options.benchmark.listTests { return try list(plan) }
        if options.placement.plan { return try show(placements, on: topology) }
        let fingerprint = Fingerprint(build: .ofThisProgram)
        let counters = ProcessorCounters()
        let calibration = try NoiseCalibration.ofMachine(fingerprint.machine.machineID, results: options.results)
        let betweenRuns = calibration?.betweenRuns ?? WorkloadAnswer.defaultBetweenRuns
        let context = try RunContext.lines(
            of: plan, options: options, fingerprint: fingerprint, counters: counters, betweenRuns: betweenRuns)

        Interruption.survivesFailedWrites()
        Interruption.watch()
        let scenarios = try loadScenarios(of: plan)
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

    /// A check that sees nothing would make every guard look safe.
    private func checkDetector() throws {
        if DetectorControl.run() { return }
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
