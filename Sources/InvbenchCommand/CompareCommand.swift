import ArgumentParser
import BenchmarkRecords

/// `invbench compare`: whether one version is slower than another, or faster, or neither can be said.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compares two versions, and says where one is slower beyond doubt.",
        discussion: """
            BASE and NEW are results files, or folders of them that are read with all below: a side is the union of \
            its files' repetitions. 'baseline:NAME' is what 'invbench baseline save NAME' has kept. Two runs one \
            after the other differ by the machine's drift, too: 'invbench calibrate' measures it once, and \
            comparisons take their p-values and noise floors from that. To compare two programs that are both at \
            hand, 'invbench ab' measures them in turn and sees far smaller changes.

            Repetitions are compared with those of the other side that met the cores in the same state, as \
            core_round_trip_ns tells; of several states it is the one in which the most can be told. If there are too \
            few to decide whatever they were, it says first how many it would take, and what to run instead.

            Both sides have to be of one host: two of one kind share a machine id, and differ all the same. A file that \
            names no host, as older ones do, goes with any of its machine. --across-machines compares hosts.

            'regression' and 'improvement' take a p below --alpha, corrected after Holm for all comparisons, and a 95 % \
            interval that lies beyond the noise floor as a whole; 'unchanged' takes an interval within --threshold; \
            'at threshold' is what has changed for certain, where the interval reaches over --threshold; all else is \
            'inconclusive'. Results files of other Google Benchmark programs compare by real_time.

            --format json is for programs: an object with regressions, improvements, unchanged, at_threshold, \
            inconclusive (counts), repetitions_needed (where there are too few), warnings, only_in_base, only_in_new, \
            and comparisons: objects with name, metric, better, base_median, new_median, ratio (new over base) with \
            its interval lower and upper (absent where the samples are too small), p, p_holm, p_benjamini_hochberg, \
            delta, noise_floor_percent, verdict, and reason where that is inconclusive.

            Exit codes: 0 no regression; 1 a regression; 2 wrong usage, an unreadable file, nothing in common; 4 no \
            regression, but a comparison that is worse and at the threshold, or that could not be decided whatever was \
            measured: too few repetitions for so many comparisons, or no common state of the cores; 5 the output \
            could not be written.
            """)

    @Argument(help: ArgumentHelp("What is compared with.", valueName: "base"))
    var base: String

    @Argument(help: ArgumentHelp("What is judged.", valueName: "new"))
    var new: String

    @OptionGroup var verdict: VerdictFlags

    @Option(
        help: ArgumentHelp(
            "A smaller change is none; what 'calibrate' measured can only raise it. (default: 3%)", valueName: "percent"
        ),
        transform: FlagValues.percentage)
    var threshold: Double = 3

    @Option(
        help: ArgumentHelp("Where baselines and calibrations are kept. (default: results)", valueName: "folder"))
    var results = "results"

    @Flag(help: "Compare also what was measured on different machines, or on different hosts of one kind.")
    var acrossMachines = false

    func run() throws {
        let rule = try verdict.rule(threshold: threshold)
        let sides = try ComparedSides(base: base, new: new, results: results)
        let (base, new) = (sides.base, sides.new)
        let hosts = ComparedOrigins(base: base, new: new).hosts
        if hosts.count > 1 && !acrossMachines {
            throw UsageError(
                "measured on different machines: \(hosts.map(\.description).joined(separator: ", ")); compare what one "
                    + "machine measured, or say --across-machines")
        }
        let report = ComparisonReport(
            base: base, new: new, rule: rule,
            calibration: hosts.count == 1 ? try hosts[0].machine.flatMap { try .ofMachine($0, results: results) } : nil)
        if try !verdict.write(report) { throw ExitStatus.unwritten }
        let status = verdict.status(of: report)
        if status != .success { throw status }
    }
}
