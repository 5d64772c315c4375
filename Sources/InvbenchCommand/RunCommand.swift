import ArgumentParser
import BenchmarkRecords
import InvalidationStorm

/// `invbench run`, and `invbench` alone: measures, shows a table, keeps a results file.
struct RunCommand: GuardCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measures guards and shows which is fastest here.")

    @OptionGroup var options: RunOptions

    func run(guards: [GuardEntry]) throws {
        let catalogue = try CellCatalogue(guards: guards, userTraces: options.choice.traces)
        try MeasuredRun(options: options, catalogue: catalogue, detectorFindsAll: DetectorControl.run).run()
    }
}
