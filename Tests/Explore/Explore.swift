import ArgumentParser
import ExploredDispatch
import Foundation
import Interleaving

/// Runs the engine's own code one thread at a time, and searches its interleavings.
@main struct Explore: ParsableCommand {
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let divergence as Divergence {
            exit(1, "\(divergence)")
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            let isWrong = exitCode(for: error) == .validationFailure
            exit(isWrong ? 2 : exitCode(for: error).rawValue, isWrong ? message(for: error) : fullMessage(for: error))
        }
    }

    /// Ends with a message, which is no error if the code is 0.
    private static func exit(_ code: Int32, _ message: String) -> Never {
        (code == 0 ? FileHandle.standardOutput : .standardError).write(Data((message + "\n").utf8))
        Foundation.exit(code)
    }

    static let configuration = CommandConfiguration(
        abstract: "Search the interleavings of the engine's own code.",
        discussion: """
            Without an option: every scenario with one preemption at most, some random executions of each, and every broken \
            variant of the engine, which must be found. Under a minute.

            Exit codes: 0 all is as it must be; 1 the engine failed, or a broken variant was not found; 2 wrong usage.
            """)

    @ArgumentParser.Option(help: ArgumentHelp("Only the scenarios whose names contain TEXT.", valueName: "text"))
    var scenario: String?

    @ArgumentParser.Option(help: ArgumentHelp("All executions with at most N preemptions.", valueName: "n"))
    var preemptions: Int?

    @ArgumentParser.Option(help: ArgumentHelp("N random executions of each scenario besides.", valueName: "n"))
    var random: Int?

    @ArgumentParser.Option(help: ArgumentHelp("The seed of the first random execution.", valueName: "s"))
    var seed: UInt64 = 1

    @ArgumentParser.Option(
        help: ArgumentHelp("Repeat the execution with these decisions, and say what it does.", valueName: "trace"))
    var replay: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("Look at this broken variant of the engine instead of the engine.", valueName: "name"))
    var broken: String?

    @ArgumentParser.Flag(help: "Two preemptions, three where there are two threads, and 20,000 random executions.")
    var thorough = false

    @ArgumentParser.Flag(help: "Print the names of scenarios and variants.")
    var list = false

    func validate() throws {
        if let preemptions, preemptions < 0 { throw ValidationError("--preemptions is 0 or above") }
        if let random, random < 0 { throw ValidationError("--random is 0 or above") }
        if chosen.isEmpty { throw ValidationError("no scenario's name contains '\(scenario ?? "")': see --list") }
        if let broken, Variant(rawValue: broken) == nil {
            throw ValidationError("there is no broken variant '\(broken)': see --list")
        }
        guard let replay else { return }
        if Trace(replay) == nil { throw ValidationError("'\(replay)' is no trace, such as 14:1,22:2") }
        if chosen.count != 1 { throw ValidationError("--replay needs the --scenario that the trace is of") }
    }

    private var chosen: [Scenario] {
        let all = Scenario.all
        guard let scenario else { return all }
        if let exact = all.first(where: { $0.name == scenario }) { return [exact] }
        return all.filter { $0.name.contains(scenario) }
    }

    func run() throws {
        if list { return printNames() }
        Scenario.warmUp()
        Variant.current = broken.flatMap { Variant(rawValue: $0) }
        if let replay, let trace = Trace(replay) { return try repeatExecution(trace) }
        let failures = try searchScenarios() + (scenario == nil && broken == nil ? try findBrokenOnes() : 0)
        if failures > 0 { throw ExitCode(1) }
    }

    private func printNames() {
        for scenario in Scenario.all { say(scenario.name) }
        for one in BrokenEngine.all { say("broken: \(one.variant.rawValue), to be found in \(one.scenario)") }
    }

    private func repeatExecution(_ trace: Trace) throws {
        Scheduler.shared.narrate = { say($0) }
        let failure = chosen[0].execute(Replay(trace))
        say(failure.map { "\($0)" } ?? "safe")
        if failure != nil { throw ExitCode(1) }
    }

    // MARK: The engine

    /// Prints a line for each guard, or for each scenario if some were chosen. Returns how many failed.
    private func searchScenarios() throws -> Int {
        var failures = 0
        var sum = ScenarioSum()
        say(ScenarioSum.heading)
        for one in chosen {
            let bound = preemptions ?? (thorough ? (one.threads < 3 ? 3 : 2) : 1)
            let finding = try one.search(preemptions: bound).followed {
                try one.sample(random ?? (thorough ? 20_000 : 100), seed: seed)
            }
            let name = scenario == nil ? one.group : one.name
            if name != sum.name { sum.finish(and: name, say) }
            sum.add(finding, preemptions: bound)
            guard let failure = finding.failure else { continue }
            failures += 1
            say("\(one.name): \(failure)\n    repeat it: \(finding.repetition(of: one.name, broken: broken))")
        }
        sum.finish(and: "", say)
        return failures
    }

    // MARK: Broken variants

    /// Looks for each variant with more and more preemptions, and at random. Returns how many were not found.
    private func findBrokenOnes() throws -> Int {
        defer { Variant.current = nil }
        var missed = 0
        say("\n" + BrokenEngine.heading)
        for one in BrokenEngine.all {
            guard let scenario = Scenario.all.first(where: { $0.name == one.scenario }) else { continue }
            Variant.current = one.variant
            let systematic = try Self.searchDeeper(scenario)
            let sampled = try scenario.sample(Self.mostSamples, seed: seed)
            Variant.current = nil
            if systematic.failure == nil || sampled.failure == nil { missed += 1 }
            say(one.row(systematic, sampled))
        }
        return missed
    }

    private static let mostSamples = 50_000

    private static func searchDeeper(_ scenario: Scenario) throws -> Finding {
        try (1...3).reduce(Finding()) { finding, bound in
            try finding.followed { try scenario.search(preemptions: bound) }
        }
    }
}

/// Prints a line at once, also into a pipe.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
