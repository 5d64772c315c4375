import Foundation

extension CostTable {
    /// The file: names once, and of each function its counts as far as the last that is not 0, behind its name's number.
    private struct Document: Codable {
        static let format = "invbench cost 1"

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

        let format: String
        let compiler: String
        let names: [String]
        let refusals: [String: String]
        let cells: [Cell]

        init(_ table: CostTable) {
            format = Self.format
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

        /// `nil` where a function's counts are not as they have to be.
        private func operation(_ kept: Operation) -> CostTable.Operation? {
            var operation = CostTable.Operation(count: kept.count)
            for row in kept.functions {
                guard let number = row.first, number < names.count, row.count <= 1 + Counts.names.count,
                    let counts = Counts(
                        row.dropFirst() + Array(repeating: 0, count: 1 + Counts.names.count - row.count))
                else { return nil }
                operation.functions[names[Int(number)]] = counts
            }
            return operation
        }

        /// `nil` as above.
        var table: CostTable? {
            var table = CostTable(compiler: compiler, refusals: refusals)
            for cell in cells {
                let invalidations = cell.invalidations.map(operation)
                guard let faults = operation(cell.faults), invalidations.map({ $0 != nil }) ?? true else { return nil }
                table.cells.append(
                    CostTable.Cell(
                        guardName: cell.guard, work: cell.work, cores: cell.cores, nodes: cell.nodes, faults: faults,
                        invalidations: invalidations.flatMap(\.self)))
            }
            return table
        }
    }

    /// A file that cannot be read as one of counts.
    struct UnreadableFile: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads what ``write(to:)`` has written. Throws a line that says what is wrong with the file.
    public init(reading path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw UnreadableFile(
                description: "\(path): cannot be read: \((error as NSError).localizedFailureReason ?? "no such file?")")
        }
        do {
            let document = try JSONDecoder().decode(Document.self, from: data)
            guard document.format == Document.format else {
                throw UnreadableFile(
                    description: "\(path): of the format '\(document.format)', not '\(Document.format)'")
            }
            guard let table = document.table else {
                throw UnreadableFile(description: "\(path): a function in it without a name, or with too many counts")
            }
            self = table
        } catch let error as UnreadableFile {
            throw error
        } catch {
            throw UnreadableFile(description: "\(path): no counts of 'invbench cost --out': \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            (context.codingPath.map(\.stringValue) + [context.debugDescription]).joined(separator: ": ")
        default: "\(error)"
        }
    }

    /// Writes it, whole or not at all.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // A cell a line, so that a change is a line of a diff.
        let text = String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
            .replacingOccurrences(of: "{\"cores\"", with: "\n{\"cores\"")
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
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
