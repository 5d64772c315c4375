import ExploredDispatch
import Interleaving

/// What came of looking at many executions of a scenario.
struct Finding {
    var failure: Failure?
    var executions = 0
    /// The most steps that one of them had.
    var deepest = 0
    /// The decisions of the one that failed.
    var trace = Trace()
    /// The seed of the one that failed, if its decisions were random.
    var seed: UInt64?

    /// `safe`, or the kind of the failure.
    var verdict: String { failure?.kind.rawValue ?? "safe" }

    /// The two searches one after the other.
    func followed(by next: () throws -> Finding) rethrows -> Finding {
        guard failure == nil else { return self }
        var sum = try next()
        sum.executions += executions
        sum.deepest = max(sum.deepest, deepest)
        return sum
    }
}

extension Scenario {
    /// Every execution with at most so many preemptions, until one fails.
    func search(preemptions: Int) throws -> Finding {
        let chooser = DepthFirst(preemptions: preemptions)
        var finding = Finding()
        repeat { try look(by: chooser, &finding) } while finding.failure == nil && chooser.advance()
        guard !chooser.hasDiverged else {
            throw Divergence(description: "\(name): an execution had other options than the one before it")
        }
        return finding
    }

    /// So many executions with random priorities, the first with this seed, the next with the next, until one fails.
    func sample(_ count: Int, seed: UInt64) throws -> Finding {
        var finding = Finding()
        for number in 0..<UInt64(count) where finding.failure == nil {
            // Two to four preemptions at random steps, by turns.
            let own = seed &+ number
            let chooser = RandomPriorities(seed: own, depth: 3 + Int(own % 3), length: Self.usualLength)
            try look(by: chooser, &finding)
            if finding.failure != nil { finding.seed = own }
        }
        return finding
    }

    /// About how many steps the threads of a scenario have together before its end is looked at.
    private static let usualLength = 120

    private func look(by chooser: any Chooser, _ finding: inout Finding) throws {
        finding.failure = execute(chooser)
        finding.executions += 1
        finding.deepest = max(finding.deepest, Scheduler.shared.steps)
        guard let failure = finding.failure else { return }
        finding.trace = Scheduler.shared.trace
        let again = execute(Replay(finding.trace))
        // What a trap finds in memory that is no more may differ.
        guard again?.message == failure.message || failure.kind == .trap && again != nil else {
            throw Divergence(
                description: "\(name): with the decisions \(finding.trace) it was first '\(failure)', and then "
                    + "'\(again.map { "\($0)" } ?? "safe")', decided as \(Scheduler.shared.trace)")
        }
    }
}

/// Two executions with the same decisions differed: then nothing that was found or not found counts.
struct Divergence: Error, CustomStringConvertible {
    let description: String
}
