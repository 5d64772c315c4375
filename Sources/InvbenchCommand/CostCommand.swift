import ArgumentParser
import BenchmarkRecords
import Foundation
import InvalidationStorm

/// `invbench cost`: what guards cost a machine that need not be there, counted and not timed.
struct CostCommand: GuardCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost", abstract: "Counts what a fault and an invalidation cost, the same in each run.",
        discussion: """
            The guards run under valgrind. Threads take turns as the cores of a machine of any size, and a model of its \
            caches counts, for each operation: instructions; locked instructions; fences; calls of membarrier, and the \
            processors that these interrupt; and the cache lines that the core takes from another core of its node \
            (near), or of another node (far). Work is 'calm', where every core faults, and 'storm', where the last one \
            invalidates 16 pages at each of its turns. Nobody waits, and caches are never full: these are transfers, not \
            times.

            Build the tool first: Scripts/build-coherence. Needs x86-64, valgrind, and llvm-symbolizer and swift on PATH. \
            Exit codes: 0 fine; 1 --check found a difference; 2 wrong usage, or something that is needed is missing; 5 \
            the output could not be written.
            """)

    @Option(
        name: .customLong("guard"), help: ArgumentHelp("Only these guards.", valueName: "a,b"),
        completion: .custom { _, _, typed in
            ChoiceFlags.completions(of: typed, from: GuardCatalogue.builtIn.map(\.name))
        },
        transform: FlagValues.names)
    var guards: [[String]] = []

    @Option(
        name: .customLong("machine"),
        help: ArgumentHelp(
            "Machines, each by its cores (2 to 256), or its cores and nodes (1 to 8). (default: 2,16,64/2,256/8)",
            valueName: "cores[/nodes],.."),
        transform: FlagValues.virtualMachines)
    var machines: [[VirtualMachine]] = []

    @Option(help: ArgumentHelp("Keep the counts, by function, in this file.", valueName: "file"), completion: .file())
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Count what a file holds that --out has written, or the guards and machines of it that are named, and name each "
                + "function whose counts are others.",
            valueName: "file"), completion: .file())
    var check: String?

    @Option(
        help: ArgumentHelp(
            "Compare the order of guards with that of a results file, workload by workload.", valueName: "file"),
        completion: .file())
    var beside: String?

    @Option(
        help: ArgumentHelp(
            "The folder that holds the tool. (default: .build/coherence above this program)", valueName: "folder"),
        completion: .directory)
    var tool: String?

    @Flag(help: .hidden)
    var traced = false

    /// What is counted where no machine is named: a small one, and servers of one, two and eight sockets.
    static let defaultMachines = "2,16,64/2,256/8"

    func run(guards available: [GuardEntry]) throws {
        let kept = try check.map { path in try UsageError.explaining { try CostTable(reading: path) } }
        let machines =
            try self.machines.isEmpty
            ? kept?.machines ?? FlagValues.virtualMachines(Self.defaultMachines) : self.machines.flatMap(\.self)
        let chosen = try chosen(from: available, kept: kept)
        if traced { return try TracedScript.play(chosen, on: machines) }
        let table = try TracedProgram(tool: tool).count(chosen.map(\.name), on: machines)
        let output = TextSink.standardOutput()
        output.write(CostText(table).description)
        if let beside { output.write(try order(of: table, beside: beside)) }
        if let out { try write(table, to: out) }
        if output.hasFailed { throw ExitStatus.unwritten }
        if let kept, let check { try compare(table, with: kept, at: check) }
    }

    /// The guards that are named; else those of the file that is checked; else all that the engine has.
    private func chosen(from available: [GuardEntry], kept: CostTable?) throws -> [GuardEntry] {
        try CellCatalogue(guards: available.filter { $0.count != nil })
            .guards(named: guards.isEmpty ? kept?.guards ?? [] : guards.flatMap(\.self))
    }

    private func write(_ table: CostTable, to path: String) throws {
        do {
            try table.write(to: path)
        } catch {
            StandardError.say(error.description)
            throw ExitStatus.unwritten
        }
    }

    /// Ends with a regression where counts are others than they were.
    private func compare(_ table: CostTable, with kept: CostTable, at path: String) throws {
        var kept = kept
        kept.cells.removeAll { cell in
            !table.guards.contains(cell.guardName)
                || !table.machines.contains { $0.cores == cell.cores && $0.nodes == cell.nodes }
        }
        let differences = table.differences(from: kept)
        if differences.isEmpty {
            StandardError.say("the counts are those of \(path)")
            return
        }
        for difference in differences { StandardError.say(difference) }
        if table.compiler != kept.compiler {
            StandardError.say(
                "\(path) is of \(kept.compiler), this program of \(table.compiler): that alone changes counts")
        }
        throw ExitStatus.regression
    }

    /// How the order of guards agrees with a measured one.
    private func order(of table: CostTable, beside path: String) throws -> String {
        let measured = try AnsweredFiles.ofOneHost([path]).answer(reference: AnswerOptions.defaultReference).answer
        let orders = CostOrder.all(of: table, beside: measured)
        if orders.isEmpty {
            throw UsageError("\(path): no calm or storm in it with as many threads as a counted machine has cores")
        }
        return orders.map(\.description).joined()
    }
}

extension VirtualMachine {
    /// As on the command line: `64/2`; `16` for one node.
    var name: String { nodes == 1 ? "\(cores)" : "\(cores)/\(nodes)" }
}

extension CostTable {
    /// The machines of its cells, in their order.
    var machines: [VirtualMachine] {
        cells.reduce(into: []) { machines, cell in
            guard let machine = VirtualMachine(cores: cell.cores, nodes: cell.nodes), !machines.contains(machine) else {
                return
            }
            machines.append(machine)
        }
    }
}

/// The counts that stand beside a measured ladder.
struct CountFlags: ParsableArguments {
    @Option(
        name: .customLong("cost"),
        help: ArgumentHelp(
            "Put beside ladders the lines that a fault takes from other cores, as this file of 'invbench cost --out' has them.",
            valueName: "file"), completion: .file())
    var path: String?

    /// The file's counts; `nil` where none is named.
    func counts() throws -> CostTable? {
        try path.map { path in try UsageError.explaining { try CostTable(reading: path) } }
    }
}
