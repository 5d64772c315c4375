import BenchmarkRecords

/// Passes on aggregates alone, as `--benchmark_report_aggregates_only` asks.
final class AggregatesOnly: RowDestination {
    private let destination: any RowDestination

    init(_ destination: any RowDestination) { self.destination = destination }

    var hasFailed: Bool { destination.hasFailed }

    func begin(_ opening: String) { destination.begin(opening) }

    func add(_ row: FinishedRow) {
        if row.isAggregate { destination.add(row) }
    }

    func end(_ rows: [ResultRow]) { destination.end(rows) }
}
