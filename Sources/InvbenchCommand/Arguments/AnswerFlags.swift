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

    /// The look of a table on `descriptor`; colours are left to `auto` on a terminal that shows them, unless NO_COLOR
    /// forbids them.
    func style(on descriptor: Int32, colours: ColourChoice = .auto) -> AnswerTable.Style {
        let environment = ProcessInfo.processInfo.environment
        let wouldShow =
            isatty(descriptor) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return AnswerTable.Style(
            hasColours: colours == .always || colours == .auto && wouldShow, isWide: wide)
    }
}
