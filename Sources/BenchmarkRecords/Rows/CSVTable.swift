/// The rows as comma-separated values (RFC 4180), with a heading and a column for every counter that any row has.
///
/// Our own metrics come in the order of ``Metric``, then other counters by name. Times are in nanoseconds. A value that
/// a row does not have is an empty field.
public struct CSVTable: Sendable, CustomStringConvertible {
    /// The text; every line ends in a carriage return and a newline.
    public let description: String

    /// Lays out `rows` in their order.
    public init(rows: [ResultRow]) {
        let present = rows.reduce(into: Set<String>()) { $0.formUnion($1.counters.keys) }
        let known = Metric.allCases.map(\.rawValue).filter(present.contains)
        let counters = known + present.subtracting(known).sorted()
        let heading = [
            "name", "run_type", "aggregate_name", "repetition_index", "repetitions", "iterations", "real_time",
            "cpu_time", "time_unit",
        ]
        let lines = rows.map { row in
            let (runType, aggregate) =
                switch row.runType {
                case .iteration: ("iteration", "")
                case .aggregate(let name): ("aggregate", name)
                }
            let index = row.repetitionIndex.map(String.init) ?? ""
            let own = [
                row.name, runType, aggregate, index, String(row.repetitions), String(row.iterations),
                Self.number(row.realNanoseconds), Self.number(row.cpuNanoseconds), "ns",
            ]
            return own + counters.map { counter in row.counters[counter].map(Self.number) ?? "" }
        }
        description = ([heading + counters] + lines).map { fields in
            fields.map(Self.field).joined(separator: ",") + "\r\n"
        }
        .joined()
    }

    /// Whole numbers without a fraction, others with as many digits as it takes to read the same value back.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "" }
        return Int64(exactly: value).map { String($0) } ?? String(value)
    }

    /// Quoted where it must be.
    static func field(_ text: String) -> String {
        let mustQuote = text.unicodeScalars.contains { [",", "\"", "\r", "\n"].contains($0) }
        return mustQuote ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
