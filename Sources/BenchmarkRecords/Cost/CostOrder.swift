import Foundation

/// How the order in which counts put the guards agrees with the order in which they were measured.
public struct CostOrder: CustomStringConvertible, Sendable {
    /// One guard in both.
    struct Entry: Sendable {
        let name: String
        /// By the counts, the cheapest first, from 1; alike counts share a rank.
        let counted: Double
        /// By measured faults a second, the most first.
        let measured: Double
    }

    let title: String
    let entries: [Entry]

    /// Spearman's rank correlation: 1 where the orders are the same, -1 where one is the other's reverse.
    var correlation: Double { Self.correlation(entries.map { ($0.counted, $0.measured) }) }

    /// Fewer guards than this have no correlation worth a number.
    static let fewestGuards = 5

    /// An order for each workload of `answer` that was counted too: the same work with as many threads as cores.
    public static func all(of table: CostTable, beside answer: RunAnswer) -> [CostOrder] {
        answer.workloads.flatMap { measured in
            CostTable.tables(of: table.cells).compactMap { CostOrder(counted: $0, measured: measured) }
        }
    }

    private init?(counted cells: [CostTable.Cell], measured: WorkloadAnswer) {
        let workload = measured.workload
        guard cells[0].isOf(workload) else { return nil }
        let both = cells.compactMap { cell -> (name: String, order: [Double], rate: Double)? in
            guard let guardAnswer = measured.guards.first(where: { $0.name == cell.guardName }),
                let rate = guardAnswer.faultsPerSecond?.value
            else { return nil }
            return (cell.guardName, cell.order, rate)
        }
        guard !both.isEmpty else { return nil }
        title = ([workload.title] + [measured.state?.description].compactMap(\.self)).joined(separator: ", ")
        let counted = Self.ranks(both) { $0.order.lexicographicallyPrecedes($1.order) }
        let rates = Self.ranks(both) { $0.rate > $1.rate }
        entries = both.indices.map { Entry(name: both[$0].name, counted: counted[$0], measured: rates[$0]) }
    }

    /// Ranks from 1; who is not told apart gets the mean of the ranks that they share.
    static func ranks<Value>(_ values: [Value], by precedes: (Value, Value) -> Bool) -> [Double] {
        values.map { value in
            let before = values.count { precedes($0, value) }
            let behind = values.count { precedes(value, $0) }
            return (Double(before) + Double(values.count - behind) + 1) / 2
        }
    }

    static func correlation(_ pairs: [(Double, Double)]) -> Double {
        let mean = (Double(pairs.count) + 1) / 2
        let products = pairs.reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
        let left = pairs.reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) }
        let right = pairs.reduce(0) { $0 + ($1.1 - mean) * ($1.1 - mean) }
        return left * right > 0 ? products / (left * right).squareRoot() : 0
    }

    public var description: String {
        let coefficient =
            entries.count < Self.fewestGuards
            ? "too few guards for a correlation"
            : "rank correlation \(String(format: "%.2f", correlation)) over \(entries.count) guards"
        let apart = entries.sorted { abs($0.counted - $0.measured) > abs($1.counted - $1.measured) }
            .prefix { abs($0.counted - $0.measured) >= 4 }
            .map { "   \($0.name): \(Self.rank($0.counted)) by counts, \(Self.rank($0.measured)) as measured\n" }
        return "\(title): \(coefficient)\n" + (apart.isEmpty ? "" : "   guards that are four ranks apart or more:\n")
            + apart.joined()
    }

    private static func rank(_ rank: Double) -> String {
        rank == rank.rounded() ? "\(Int(rank))" : String(format: "%.1f", rank)
    }
}

extension CostTable.Cell {
    /// Whether `workload` was counted here: the same work, with as many threads as the machine has cores.
    func isOf(_ workload: Workload) -> Bool {
        let invalidators = invalidations == nil ? 0 : 1
        return workload.name == "\(work)/faulters:\(cores - invalidators)/invalidators:\(invalidators)"
    }
}

extension CostTable {
    /// What the faults of a guard were counted to cost in a workload; `nil` where they were not.
    func faults(of guardName: String, in workload: Workload) -> Operation? {
        cells.first { $0.guardName == guardName && $0.isOf(workload) }?.faults
    }
}
