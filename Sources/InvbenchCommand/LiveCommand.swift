import ArgumentParser
import BenchmarkRecords
import InvalidationStorm

/// `invbench live`: the same table, measured on real memory.
struct LiveCommand: GuardCommand {
    static let configuration = CommandConfiguration(
        commandName: "live", abstract: "Measures page faults of real memory while others drop it.",
        discussion: """
            Threads touch pages of a real mapping while others drop, unmap, move or protect its pages, or fork: what the \
            kernel's own locks cost here. Each touch checks what it finds: a page that was dropped must read as new. \
            faults/s are of the time in which a faulter touches pages, each of which faults; inval/s are system calls. \
            Pages are of 4 KiB (MADV_NOHUGEPAGE), 16 MiB of them for each faulter; nothing of the machine is changed. \
            'invbench list' says what each scenario does. Exit codes are those of 'invbench run'.
            """)

    @OptionGroup var options: LiveOptions

    func run(guards: [GuardEntry]) throws {
        try MeasuredRun(
            options: options.ofRun(), catalogue: .live(guards), handlers: options.choice.handlers,
            detectorFindsAll: LiveControl.run
        ).run()
    }
}

/// What `invbench live` measures, how, and where its results go.
struct LiveOptions: ParsableArguments {
    @OptionGroup(title: "What is measured")
    var choice: LiveChoiceFlags

    @OptionGroup(title: "Placement")
    var placement: PlacementFlags

    @OptionGroup var measuring: MeasuringFlags

    @OptionGroup(title: "The answer")
    var answer: AnswerFlags

    @OptionGroup(title: "Google Benchmark's flags")
    var benchmark: BenchmarkFlags

    func validate() throws {
        if placement.memory != nil {
            throw ValidationError(
                "--memory: memory that is dropped and faulted in again lies where the kernel puts it; leave it out.")
        }
        try benchmark.checkWindow(measuring.window)
    }

    /// The same as a run's options, with the defaults of all that means nothing here.
    func ofRun() throws -> RunOptions {
        var options = try RunOptions.parse([])
        options.choice.guards = choice.guards
        options.choice.scenarios = choice.scenarios
        options.choice.threads = choice.threads
        options.choice.namedProfile = choice.namedProfile
        options.placement = placement
        options.measuring = measuring
        options.answer = answer
        options.benchmark = benchmark
        return options
    }
}

/// Which cells on real memory are measured.
struct LiveChoiceFlags: ParsableArguments {
    @Option(
        name: .customLong("guard"),
        help: ArgumentHelp("Only these guards; kernel is the kernel alone.", valueName: "a,b"),
        completion: .custom { _, _, typed in
            ChoiceFlags.completions(of: typed, from: GuardCatalogue.live().map(\.name))
        },
        transform: FlagValues.names)
    var guards: [[String]] = []

    @Option(
        name: .customLong("scenario"), help: ArgumentHelp("Only these scenarios.", valueName: "a,b"),
        completion: .custom { _, _, typed in ChoiceFlags.completions(of: typed, from: Scenario.live.map(\.name)) },
        transform: FlagValues.names)
    var scenarios: [[String]] = []

    @OptionGroup var threads: ThreadFlags

    @Option(
        help: ArgumentHelp("Threads that serve faults in user space, 1 to 64. (default: 1)", valueName: "n"),
        transform: FlagValues.handlers)
    var handlers: Int?

    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp(
            "How much is measured: quick ends within a minute on two cores, standard within ten, full has all thread "
                + "counts and long windows. (default: quick)"))
    var namedProfile: Profile?
}
