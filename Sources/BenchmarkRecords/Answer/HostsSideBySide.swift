/// What one host of several says: its repetitions alone, and the answer that they have.
public struct HostAnswer: Sendable {
    /// What it is called beside the others: the name or id of the host, with the machine's where that is not enough.
    public let name: String
    /// Which host it is.
    public let host: MeasuredHost
    /// What its files say of the machine.
    public let machine: MachineText
    /// All its rows.
    public let rows: [ResultRow]
    /// What they say about the guards.
    public let answer: RunAnswer

    /// An answer of the host called `name`.
    public init(name: String, host: MeasuredHost, machine: MachineText, rows: [ResultRow], answer: RunAnswer) {
        self.name = PrintableText.of(name)
        self.host = host
        self.machine = machine
        self.rows = rows
        self.answer = answer
    }
}

/// Hosts side by side: what each advises, and a table for each workload with a line for each guard and a column for each
/// host.
///
/// Each figure is of one host and, on it, of one state of the cores, which stands above its column. No figure is made from
/// two hosts, so a column says what that host alone would say.
public struct HostsSideBySide: Sendable {
    /// A workload on all hosts.
    struct Table: Sendable {
        /// Its name for people.
        let title: String
        /// The guards, in the order of the first host that has the workload; others of other hosts behind them.
        let guards: [String]
        /// A column for each host, in the order of the hosts.
        let columns: [Column]
    }

    /// A host in a table.
    struct Column: Sendable {
        /// The host's name.
        let host: String
        /// The round trip between its cores in the state that its figures are of; `-` if there is none.
        let roundTrip: String
        /// Group and faults a second of each guard: `1 113M`; `-` where there is no such figure.
        let cells: [String]
    }

    /// What each host advises, a paragraph each.
    let verdicts: [(host: String, lines: [String])]
    /// In the order in which the hosts have them.
    let tables: [Table]

    /// Puts the answers of `hosts` beside each other, in their order.
    public init(_ hosts: [HostAnswer]) {
        verdicts = hosts.map { ($0.name, VerdictText($0.answer, machine: $0.machine).lines) }
        var names: [String] = []
        for workload in hosts.flatMap(\.answer.workloads) where !names.contains(workload.name) {
            names.append(workload.name)
        }
        tables = names.map { name in
            // A host that met several states has the one with the most to say first.
            let answers = hosts.map { host in host.answer.workloads.first { $0.name == name } }
            var guards: [String] = []
            for answer in answers.compactMap(\.self).flatMap(\.guards) where !guards.contains(answer.name) {
                guards.append(answer.name)
            }
            return Table(
                title: answers.compactMap(\.self).first?.title ?? name, guards: guards,
                columns: zip(hosts, answers).map { host, answer in
                    Column(
                        host: host.name,
                        roundTrip: answer?.state.map { ScaledNumber.duration($0.roundTrip) } ?? "-",
                        cells: guards.map { Self.cell(answer?.guards, $0) })
                })
        }
    }

    private static func cell(_ guards: [GuardAnswer]?, _ name: String) -> String {
        guard let answer = guards?.first(where: { $0.name == name }) else { return "-" }
        let rate = answer.faultsPerSecond.map { ScaledNumber.rate($0.value) } ?? "too few"
        return (answer.group.map { "\($0) " } ?? "") + rate
    }

    static let roundTripHeading = "between cores"
    static let legend =
        "Numbers in front are groups within one host: guards with one number are not told apart there. Rates are faults a "
        + "second; hosts whose cores are differently far apart are different machines."

    /// For a terminal of 100 columns.
    public var text: String {
        let verdicts = verdicts.map { host, lines in
            WrappedText.wrapped("\(host): \(lines.joined(separator: " "))")
        }
        let blocks = tables.flatMap { table in
            // So many hosts fit beside each other.
            stride(from: 0, to: table.columns.count, by: 5).map { first in
                Self.block(table, Array(table.columns[first..<min(first + 5, table.columns.count)]))
            }
        }
        return (verdicts + (blocks + [WrappedText.wrapped(Self.legend)]).map { "\n" + $0 }).joined(separator: "\n")
            + "\n"
    }

    private static func block(_ table: Table, _ columns: [Column]) -> String {
        let width = max(15, min(columns.map(\.host.count).max() ?? 0, 79 / columns.count))
        func line(_ first: String, _ cells: [String]) -> String {
            cells.reduce(filled(first, 20, isNumber: false)) { $0 + " " + filled($1, width, isNumber: true) }
        }
        let guards = table.guards.enumerated().map { index, name in line(name, columns.map { $0.cells[index] }) }
        return
            ([table.title, line("host", columns.map(\.host)), line(roundTripHeading, columns.map(\.roundTrip))] + guards)
            .joined(separator: "\n")
    }

    private static func filled(_ text: String, _ width: Int, isNumber: Bool) -> String {
        let text = text.count > width ? text.prefix(width - 1) + "\u{2026}" : text
        let padding = String(repeating: " ", count: width - text.count)
        return isNumber ? padding + text : text + padding
    }

    /// For a document.
    public var markdown: String {
        let escaped = AnswerDocument.escaped
        let verdicts = verdicts.map { host, lines in "**\(escaped(host))**: \(escaped(lines.joined(separator: " ")))" }
        let tables = tables.map { table in
            func line(_ cells: [String]) -> String { "| " + cells.map(escaped).joined(separator: " | ") + " |" }
            let head = [
                "## " + escaped(table.title), "", line(["guard"] + table.columns.map(\.host)),
                "|-|" + String(repeating: "-:|", count: table.columns.count),
                line([Self.roundTripHeading] + table.columns.map(\.roundTrip)),
            ]
            let guards = table.guards.enumerated().map { index, name in
                line([name] + table.columns.map { $0.cells[index] })
            }
            return (head + guards).joined(separator: "\n")
        }
        return (verdicts + tables + [Self.legend]).joined(separator: "\n\n") + "\n"
    }
}
