import ArgumentParser
import InvalidationStorm

/// `invbench list`: what can be named on the command line.
struct ListCommand: GuardCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows the guards, the scenarios, the recorded programs, what there is for live, and the profiles.")

    func run(guards: [GuardEntry]) throws {
        let catalogue = try CellCatalogue(guards: guards)
        let output = TextSink.standardOutput()
        output.write(Self.text(of: catalogue, live: try .live(guards)))
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    /// The lists, a line an entry.
    static func text(of catalogue: CellCatalogue, live: CellCatalogue) -> String {
        let synthetic = catalogue.scenarios.filter { !$0.isTrace }
        let traces = catalogue.scenarios.filter(\.isTrace)
        return section("Guards", catalogue.guards.map { ($0.name, Self.summary(of: $0, among: catalogue.scenarios)) })
            + section("Scenarios", synthetic.map { ($0.name, $0.summary) })
            + section("Recorded programs", traces.map { ($0.name, $0.summary) })
            + section("invbench live, the kernel alone (--guard kernel)", lines(of: .kernel, in: live))
            + section("invbench live, faults served in user space (all guards)", lines(of: .userFault, in: live))
            + section("Profiles", Profile.allCases.flatMap(Self.lines))
    }

    /// A guard's own words, its parameters, and the scenarios that it cannot run in; one that does not protect is marked,
    /// whatever its words are.
    private static func summary(of entry: GuardEntry, among scenarios: [ScenarioEntry]) -> String {
        let words = entry.isProtected || entry.summary.contains("UNSAFE") ? entry.summary : "UNSAFE: " + entry.summary
        let parameters = entry.parameters.map { " [--\($0.rawValue) \($0.text(in: GuardParameters()))]" }
        let closed = scenarios.filter { $0.memory == entry.memory && !$0.takes(entry) }.map(\.name)
        return words + parameters.joined() + (closed.isEmpty ? "" : " [not in \(closed.joined(separator: ", "))]")
    }

    private static func lines(of memory: WorkedMemory, in live: CellCatalogue) -> [(name: String, summary: String)] {
        live.scenarios.filter { $0.memory == memory }.map { ($0.name, $0.summary) }
    }

    private static func lines(of profile: Profile) -> [(name: String, summary: String)] {
        profile.summary.enumerated().map { ($0 == 0 ? profile.rawValue : "", $1) }
    }

    private static func section(_ title: String, _ entries: [(name: String, summary: String)]) -> String {
        if entries.isEmpty { return "" }
        let width = entries.map(\.name.count).max() ?? 0
        return entries.reduce("\(title):\n") { text, entry in
            text + "  \(entry.name)\(String(repeating: " ", count: width - entry.name.count))  \(entry.summary)\n"
        } + "\n"
    }
}
