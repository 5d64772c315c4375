import ArgumentParser

/// `invbench baseline`: results that later versions are compared with.
struct BaselineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", abstract: "Keeps results under a name, for later versions to be compared with.",
        discussion: """
            A baseline is one plain file, <results>/<machine>/<name>.baseline, that holds its results files word for \
            word. A name has letters, digits, '.', '_' and '-'. 'invbench compare baseline:NAME new.json' compares with \
            it.

              invbench baseline save main old-runs
              invbench compare baseline:main new-runs
            """,
        subcommands: [SaveBaseline.self, ListBaselines.self, ShowBaseline.self, DeleteBaseline.self])
}
