import BenchmarkRecords
import Foundation
import InvalidationStorm

/// What the program under the tool has written: cells, each with what was counted of its instructions.
struct TracedOutput {
    private struct Instruction {
        var module: String
        let offset: UInt64
        let operation: CountedOperation
        let counts: CostTable.Counts
    }

    private struct Cell {
        let guardName: String
        let work: String
        let machine: VirtualMachine
        let faults: UInt64
        let invalidations: UInt64
        var instructions: [Instruction] = []
    }

    private var cells: [Cell] = []
    private var refusals: [String: String] = [:]

    /// Reads what ``TracedScript`` writes.
    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard take(words) else {
                throw UsageError("the program under the tool wrote '\(line.prefix(80))', which is no count")
            }
        }
    }

    private mutating func take(_ words: [String]) -> Bool {
        if words.count == 3, words[0] == "refused" {
            refusals[words[1]] = words[2]
            return true
        }
        if words.count == 7, words[0] == "cell" {
            guard let cores = Int(words[3]), let nodes = Int(words[4]), let faults = UInt64(words[5]),
                let invalidations = UInt64(words[6]), let machine = VirtualMachine(cores: cores, nodes: nodes)
            else { return false }
            cells.append(
                Cell(
                    guardName: words[1], work: words[2], machine: machine, faults: faults, invalidations: invalidations)
            )
            return true
        }
        guard words.count == 10, !cells.isEmpty, let operation = CountedOperation(rawValue: words[0]),
            let offset = UInt64(words[2]), let counts = CostTable.Counts(words.dropFirst(3).compactMap { UInt64($0) })
        else { return false }
        cells[cells.count - 1].instructions.append(
            Instruction(module: words[1], offset: offset, operation: operation, counts: counts))
        return true
    }

    /// Looks for the names of what is in the file `module` in another one.
    mutating func rename(module: String, to other: String) {
        for cell in cells.indices {
            for index in cells[cell].instructions.indices where cells[cell].instructions[index].module == module {
                cells[cell].instructions[index].module = other
            }
        }
    }

    /// The counts by function.
    func table(compiler: String) throws -> CostTable {
        var names = FunctionNames()
        try names.find(cells.flatMap { cell in cell.instructions.map { ($0.module, $0.offset) } })
        return CostTable(
            compiler: compiler,
            cells: cells.map { cell in
                func operation(_ kind: CountedOperation, count: UInt64) -> CostTable.Operation {
                    cell.instructions.reduce(into: CostTable.Operation(count: count)) { operation, instruction in
                        guard instruction.operation == kind else { return }
                        let name = names.name(of: instruction.offset, in: instruction.module)
                        operation.functions[name, default: CostTable.Counts()] += instruction.counts
                    }
                }
                return CostTable.Cell(
                    guardName: cell.guardName, work: cell.work, cores: cell.machine.cores, nodes: cell.machine.nodes,
                    faults: operation(.fault, count: cell.faults),
                    invalidations: cell.invalidations == 0
                        ? nil : operation(.invalidation, count: cell.invalidations))
            }, refusals: refusals)
    }
}
