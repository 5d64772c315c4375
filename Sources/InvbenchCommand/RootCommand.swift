import ArgumentParser
import BenchmarkRecords
import InvalidationStorm

/// A command whose arguments can name guards.
protocol GuardCommand: ParsableCommand {
    /// Runs with `guards` as those that can be named.
    func run(guards: [GuardEntry]) throws
}

/// What stands before every subcommand, and how the command ends.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invbench",
        abstract: "Measures the locks that guard a secondary MMU's fault path while memory is being invalidated.",
        discussion: """
            Without a subcommand it runs: 'invbench' measures the quick profile, prints a table and keeps a results \
            file; 'invbench run --help' shows its flags. Exit codes: 0 fine, 1 a regression, 2 wrong usage or input, 3 a \
            protected guard showed a stale translation, 4 a comparison could not be decided or a campaign has hosts \
            without results, 5 results could not be written, 130 and 143 interrupted.
            """,
        version: "invbench 0.1.0",
        subcommands: [
            RunCommand.self, LiveCommand.self, CostCommand.self, ShowCommand.self, ReportCommand.self,
            ExportCommand.self, ABCommand.self, CompareCommand.self, CalibrateCommand.self, BaselineCommand.self,
            HistoryCommand.self, CampaignCommand.self, ListCommand.self, TopologyCommand.self, DoctorCommand.self,
            RecordCommand.self, TraceCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )

    /// Does what `words` say, and ends the process.
    static func run(_ words: [String], guards: [GuardEntry]) -> Never {
        do {
            try BenchmarkFlags.refuseMeaningless(in: words)
            var command = try parseAsRoot(words)
            if let command = command as? any GuardCommand {
                try command.run(guards: guards)
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
        exit(ExitStatus.success)
    }

    /// Prints what the parser or a command has to say, and ends the process with the documented code.
    private static func end(with error: any Error) -> Never {
        if let error = error as? UsageError {
            // It may quote a file: one line, whatever that holds.
            StandardError.say(PrintableText.of(error.description))
            exit(ExitStatus.usage)
        }
        let text = fullMessage(for: error)
        guard exitCode(for: error) != .success else {
            let output = TextSink.standardOutput()
            output.write(text + "\n")
            exit(output.hasFailed ? ExitStatus.unwritten : .success)
        }
        if let status = error as? ExitStatus { exit(status) }
        if !text.isEmpty { StandardError.write(text + "\n") }
        exit(ExitStatus.usage)
    }

    private static func exit(_ status: ExitStatus) -> Never {
        exit(withError: ExitCode(status.code))
    }
}
