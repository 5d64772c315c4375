import Foundation

extension CostTable {
    /// The file: names once, and of each function its counts as far as the last that is not 0, behind its name's number.
    private struct Document: Codable {
        struct Operation: Codable {
            let count: UInt64
            let functions: [[UInt64]]
        }

        struct Cell: Codable {
            let `guard`: String
            let work: String
            let cores: Int
            let nodes: Int
            let faults: Operation
            let invalidations: Operation?
        }

        let invbench_cost: Int
        let compiler: String
        let names: [String]
        let refusals: [String: String]
        let cells: [Cell]

        init(_ table: CostTable) {
            invbench_cost = CostTable.version
            compiler = table.compiler
            refusals = table.refusals
            let operations = table.cells.flatMap { [$0.faults, $0.invalidations].compactMap(\.self) }
            let names = Set(operations.flatMap(\.functions.keys)).sorted()
            let numbers = Dictionary(uniqueKeysWithValues: zip(names, 0...))
            self.names = names
            func kept(_ operation: CostTable.Operation) -> Operation {
                Operation(
                    count: operation.count,
                    functions: operation.functions.map { name, counts in
                        let last = counts.numbers.lastIndex { $0 != 0 } ?? 0
                        return [UInt64(numbers[name, default: 0])] + counts.numbers[...last]
                    }.sorted { $0[0] < $1[0] })
            }
            cells = table.cells.map { cell in
                Cell(
                    guard: cell.guardName, work: cell.work, cores: cell.cores, nodes: cell.nodes,
                    faults: kept(cell.faults), invalidations: cell.invalidations.map(kept))
            }
        }

        /// So many of a thing are never counted; the sum of as many as a file can hold is a number still.
        private static let most: UInt64 = 1 << 48

        /// `nil` where a function's counts are not as they have to be.
        private func operation(_ kept: Operation) -> CostTable.Operation? {
            var operation = CostTable.Operation(count: kept.count)
            for row in kept.functions {
                guard let number = row.first, number < names.count, row.count <= 1 + Counts.names.count,
                    row.allSatisfy({ $0 <= Self.most }),
                    let counts = Counts(
                        row.dropFirst() + Array(repeating: 0, count: 1 + Counts.names.count - row.count))
                else { return nil }
                operation.functions[names[Int(number)]] = counts
            }
            return operation
        }

        private static let mostCores = 1 << 16

        /// `nil` as above, or where a machine is none.
        var table: CostTable? {
            var table = CostTable(compiler: compiler, refusals: refusals)
            for cell in cells {
                let invalidations = cell.invalidations.map(operation)
                guard (2...Self.mostCores).contains(cell.cores), (1...cell.cores).contains(cell.nodes),
                    let faults = operation(cell.faults), invalidations.map({ $0 != nil }) ?? true
                else { return nil }
                table.cells.append(
                    CostTable.Cell(
                        guardName: cell.guard, work: cell.work, cores: cell.cores, nodes: cell.nodes, faults: faults,
                        invalidations: invalidations.flatMap(\.self)))
            }
            return table
        }
    }

    private static let version = 1

    /// Reads what ``write(to:)`` has written.
    public init(reading path: String) throws(ResultsFileError) {
        try self.init(json: ResultsFile.contents(of: path), path: path)
    }

    /// Reads the contents of a file; `path` is named in errors.
    init(json: Data, path: String) throws(ResultsFileError) {
        _ = try VersionedDocument.parse(json, key: "invbench_cost", newest: Self.version, path: path)
        guard let table = try? JSONDecoder().decode(Document.self, from: json).table else {
            throw ResultsFileError(
                path: path, place: "cells",
                reason:
                    "machines, and counts of functions that have names, are due; count again with 'invbench cost --out'"
            )
        }
        self = table
    }

    /// Writes it, whole or not at all.
    public func write(to path: String) throws(AtomicFileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers and texts alone: nothing of it can fail.
        let json = (try? encoder.encode(Document(self))) ?? Data()
        // A cell a line, so that a change is a line of a diff.
        let text = String(decoding: json, as: UTF8.self).replacing("{\"cores\"", with: "\n{\"cores\"")
        try AtomicFile.write(text + "\n", to: path)
    }

    /// What is counted differently than in `kept`, a line for each function and cell; cells that only one of them has are
    /// named.
    public func differences(from kept: CostTable) -> [String] {
        var lines: [String] = []
        for cell in kept.cells {
            guard let now = cells.first(where: { $0.isAlike(cell) }) else {
                lines.append("\(cell.title): not counted any more\(refusals[cell.guardName].map { ": \($0)" } ?? "")")
                continue
            }
            lines += Self.differences("fault", now.faults, cell.faults, in: cell)
            lines += Self.differences(
                "invalidation", now.invalidations ?? Operation(count: 0), cell.invalidations ?? Operation(count: 0),
                in: cell)
        }
        return lines
            + cells.filter { cell in !kept.cells.contains { $0.isAlike(cell) } }.map { "\($0.title): not in the file" }
    }

    private static func differences(_ name: String, _ now: Operation, _ kept: Operation, in cell: Cell) -> [String] {
        Set(now.functions.keys).union(kept.functions.keys).sorted().flatMap { function -> [String] in
            let new = now.functions[function] ?? Counts()
            let old = kept.functions[function] ?? Counts()
            let changed = zip(Counts.names, zip(old.numbers, new.numbers)).filter { $0.1.0 != $0.1.1 }
            if changed.isEmpty { return [] }
            let what = changed.map { "\($0.0) \($0.1.0) -> \($0.1.1)" }.joined(separator: ", ")
            return ["\(cell.title): \(name), in \(function): \(what) (of \(now.count) operations)"]
        }
    }
}
