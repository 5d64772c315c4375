import BenchmarkRecords
import InvalidationStorm

/// What runs under the tool: all guards under the script, and a line for each instruction that was counted.
enum TracedScript {
    /// Plays all work of `guards` on `machines`, and writes what was counted to standard output, as ``TracedOutput`` reads it.
    /// Throws where this process does not run under the tool.
    static func play(_ guards: [GuardEntry], on machines: [VirtualMachine]) throws {
        guard ScriptedStorm.isCounted else {
            throw UsageError("--traced: for a process under the tool, which 'invbench cost' starts; leave it out")
        }
        let countable = guards.filter { entry in
            entry.refusal().map { write(["refused", entry.name, $0]) } == nil
        }
        // The smallest first: some guards look at all threads that there have ever been.
        for machine in machines.sorted(by: { ($0.cores, $0.nodes) < ($1.cores, $1.nodes) }) {
            for entry in countable {
                for work in ScriptedWork.allCases { play(work, of: entry, on: machine) }
            }
        }
    }

    private static func play(_ work: ScriptedWork, of entry: GuardEntry, on machine: VirtualMachine) {
        let counted = entry.count?(work, machine) ?? []
        write([
            "cell", entry.name, work.rawValue, "\(machine.cores)", "\(machine.nodes)",
            "\(work.operations(.fault, on: machine))", "\(work.operations(.invalidation, on: machine))",
        ])
        for each in counted {
            let numbers = [
                each.instructions, each.locked, each.fences, each.barriers, each.systemCalls, each.linesFromCore,
                each.linesFromNode,
            ]
            write([each.operation.rawValue, each.module, "\(each.offset)"] + numbers.map { "\($0)" })
        }
    }

    private static func write(_ words: [String]) {
        _ = DescriptorWriter.write(words.joined(separator: "\t") + "\n", to: 1)
    }
}
