/// What came of the scenarios of one guard together, or of one scenario.
struct ScenarioSum {
    private(set) var name = ""
    private var scenarios = 0
    private var failures = 0
    private var executions = 0
    private var deepest = 0
    private var preemptions: Set<Int> = []

    static let heading = row("guard", "scenarios", "failed", "executions", "steps", "preemptions")

    mutating func add(_ finding: Finding, preemptions bound: Int) {
        scenarios += 1
        failures += finding.failure == nil ? 0 : 1
        executions += finding.executions
        deepest = max(deepest, finding.deepest)
        preemptions.insert(bound)
    }

    /// Prints what there is, and begins the next one.
    mutating func finish(and next: String, _ say: (String) -> Void) {
        if scenarios > 0 {
            let bounds = preemptions.sorted().map { "\($0)" }.joined(separator: ", ")
            say(Self.row(name, "\(scenarios)", "\(failures)", executions.grouped, deepest.grouped, bounds))
        }
        self = ScenarioSum()
        name = next
    }

    private static func row(
        _ name: String, _ scenarios: String, _ failures: String, _ executions: String, _ steps: String,
        _ preemptions: String
    ) -> String {
        "\(name.padded(42)) \(scenarios.led(9)) \(failures.led(6)) \(executions.led(10)) \(steps.led(6)) "
            + preemptions.led(11)
    }
}

extension BrokenEngine {
    static let heading = row("broken", "in", "found", "after", "at random", "trace")

    /// What the two ways to look for it found: after how many executions.
    func row(_ systematic: Finding, _ sampled: Finding) -> String {
        Self.row(
            variant.rawValue, scenario, systematic.verdict,
            systematic.failure == nil ? "never" : systematic.executions.grouped,
            sampled.failure == nil ? "never" : sampled.executions.grouped, "\(systematic.trace)")
    }

    private static func row(
        _ name: String, _ scenario: String, _ verdict: String, _ after: String, _ atRandom: String, _ trace: String
    ) -> String {
        "\(name.padded(26)) \(scenario.padded(32)) \(verdict.padded(8)) \(after.led(6)) \(atRandom.led(9))  \(trace)"
    }
}

extension Finding {
    /// The command that repeats the failure.
    func repetition(of scenario: String, broken: String?) -> String {
        "explore --scenario \(scenario) \(broken.map { "--broken \($0) " } ?? "")--replay \(trace)"
            + (seed.map { ", which is --preemptions 0 --random 1 --seed \($0)" } ?? "")
    }
}

extension Int {
    fileprivate var grouped: String {
        var digits = String(self)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
    fileprivate func led(_ width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
}
