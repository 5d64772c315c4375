import ArgumentParser
import BenchmarkRecords
import Foundation

/// How an answer is made and shown.
struct AnswerFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The guard that others are compared with; ratios are left out where it was not measured.",
            valueName: "guard"))
    var reference = AnswerOptions.defaultReference

    @Flag(help: "Show every column that there is.")
    var wide = false

    /// The look of a table on `descriptor`: colours on a terminal that shows them, unless NO_COLOR forbids them.
    func style(on descriptor: Int32) -> AnswerTable.Style {
        let environment = ProcessInfo.processInfo.environment
        let hasColours =
            isatty(descriptor) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return AnswerTable.Style(hasColours: hasColours, isWide: wide)
    }
}
