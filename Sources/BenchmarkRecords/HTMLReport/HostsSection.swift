/// What a page says of several hosts side by side: a table for each workload.
struct HostsSection {
    private let tables: [HostsSideBySide.Table]

    /// For the hosts of a page, in their order.
    init(_ hosts: [HostAnswer]) { tables = HostsSideBySide(hosts).tables }

    /// The section as HTML.
    var markup: String {
        """
        <section id="hosts">
        <h2>Hosts side by side</h2>
        \(HTMLText.element("p", HostsSideBySide.legend, class: "note"))
        \(tables.map { Self.table(of: $0).markup }.joined(separator: "\n"))
        </section>
        """
    }

    private static func table(of table: HostsSideBySide.Table) -> HTMLTable {
        let roundTrips = [HostsSideBySide.roundTripHeading] + table.columns.map(\.roundTrip)
        let guards = table.guards.enumerated().map { index, name in [name] + table.columns.map { $0.cells[index] } }
        return HTMLTable(
            caption: "Faults a second by host: \(table.title).",
            columns: [HTMLTable.Column(heading: "guard", isNumeric: false)]
                + table.columns.map { HTMLTable.Column(heading: $0.host) },
            rows: [roundTrips] + guards)
    }
}
