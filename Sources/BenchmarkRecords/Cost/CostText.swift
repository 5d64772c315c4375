import Foundation

/// Counts for people at a terminal: a table for each machine and kind of work, the guards with the fewest transfers first.
public struct CostText: CustomStringConvertible {
    private let table: CostTable

    public init(_ table: CostTable) { self.table = table }

    public var description: String {
        let absent = table.refusals.sorted { $0.key < $1.key }.map { "\($0.key): not counted: \($0.value)\n" }
        return (CostTable.tables(of: table.cells).map(Self.text) + absent).joined(separator: "\n")
    }

    private static let nameWidth = 20
    private static let columnWidth = 8

    private static func text(of cells: [CostTable.Cell]) -> String {
        let first = cells[0]
        let title = "\(first.work), \(first.cores) cores on \(first.nodes == 1 ? "one node" : "\(first.nodes) nodes")"
        let hasInvalidations = first.invalidations != nil
        let heading = ["near", "far", "locked", "fences", "instr."]
        let headings =
            row("", heading.map { "f. \($0)" } + (hasInvalidations ? (heading + ["interr."]).map { "i. \($0)" } : []))
        let rows = cells.map { cell in
            row(
                cell.guardName,
                numbers(cell.faults)
                    + (cell.invalidations.map { numbers($0) + [number($0.mean(\.barriers) * Double(cell.cores - 1))] }
                        ?? []))
        }
        return "\(title): a mean for each fault (f.) and each invalidation (i.)\n" + headings + rows.joined()
    }

    private static func numbers(_ operation: CostTable.Operation) -> [String] {
        [
            number(operation.mean(\.fromCore)), number(operation.mean(\.fromNode)), number(operation.mean(\.locked)),
            number(operation.mean(\.fences)), number(operation.mean(\.instructions)),
        ]
    }

    /// Two digits behind the point below 10, one below 100.
    private static func number(_ value: Double) -> String {
        let digits = value < 10 ? 2 : value < 100 ? 1 : 0
        return String(format: "%.\(digits)f", value)
    }

    private static func row(_ name: String, _ cells: [String]) -> String {
        let padded = cells.map { String(repeating: " ", count: max(1, columnWidth - $0.count)) + $0 }
        return "   " + name + String(repeating: " ", count: max(1, nameWidth - name.count)) + padded.joined() + "\n"
    }
}

extension CostTable {
    /// The cells of each machine and kind of work, in the order of the machines; those with the fewest transfers first.
    static func tables(of cells: [Cell]) -> [[Cell]] {
        var tables: [[Cell]] = []
        for cell in cells {
            if let index = tables.firstIndex(where: {
                $0[0].work == cell.work && $0[0].cores == cell.cores && $0[0].nodes == cell.nodes
            }) {
                tables[index].append(cell)
            } else {
                tables.append([cell])
            }
        }
        return tables.map { $0.sorted { $0.isCheaper(than: $1) } }
    }
}

extension CostTable.Cell {
    /// What a fault costs, the dearest first: lines of other cores, locked instructions and fences, instructions.
    var order: [Double] {
        [faults.transfers, faults.mean(\.locked) + faults.mean(\.fences), faults.mean(\.instructions)]
    }

    func isCheaper(than other: Self) -> Bool { order.lexicographicallyPrecedes(other.order) }
}
