import ArgumentParser

/// How a cell is measured, and where results go: the same for all kinds of cells.
struct MeasuringFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("The timed part of a repetition. (default: the profile's)", valueName: "250ms"),
        transform: FlagValues.window)
    var window: UInt64?

    @Option(
        help: ArgumentHelp(
            "Measure a noisy repetition again, up to so many times; the first quiet one is kept, else the last.",
            valueName: "0...10"),
        transform: FlagValues.retries)
    var retryNoisy = 0

    @Option(help: ArgumentHelp("Decides the order of the cells and every random choice in them.", valueName: "n"))
    var seed: UInt64 = 1

    @Flag(help: "Keep no results file.")
    var noSave = false

    @Option(help: ArgumentHelp("Where results files go, in a folder for each machine.", valueName: "folder"))
    var results = "results"

    @Option(
        help: ArgumentHelp(
            "A name that tells this host from others of its kind. (default: a hash of /etc/machine-id, which containers and "
                + "clones of one image may share)", valueName: "name"),
        transform: FlagValues.host)
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Also keep the latencies of each cell here, a file in HdrHistogram's format (.hgrm, in ns) for each role: "
                + "of the timed operations, over all repetitions so far.", valueName: "folder"))
    var histograms: String?
}
