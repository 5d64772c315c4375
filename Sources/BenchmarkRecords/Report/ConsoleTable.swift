import Foundation

/// The results as a table for people, at most 100 columns wide.
///
/// One block for each workload and in it one line for each guard, the fastest first; a guard with parameters has them in
/// the next line. Values are medians over the `n` repetitions that met the cores in the state that most of the workload's
/// met; only the stale translations are the sum over all, and `worst` is the longest of all. `+-` is how far the 95 % interval of the median reaches, on its
/// longer side. `-` is a value that was not measured, or an interval that so few repetitions do not have. What
/// ``SeriesFlag`` marks is explained below the table.
public struct ConsoleTable: Sendable, CustomStringConvertible {
    /// The text, with a newline at its end; empty where no row is a repetition of a cell.
    public let description: String

    /// Lays out the repetitions in `rows`; rows that are aggregates or no cells of ours are left out.
    ///
    /// `unprotectedGuards` are the guards to be marked UNSAFE.
    public init(rows: [ResultRow], unprotectedGuards: Set<String>) {
        let groups = WorkloadGroup.groups(of: rows)
        let footnotes = TableFootnotes(groups.flatMap(\.series), unprotectedGuards: unprotectedGuards).lines
        description =
            groups.map { Self.block($0, unprotectedGuards: unprotectedGuards) }.joined(separator: "\n")
            + (footnotes.isEmpty ? "" : "\n" + footnotes.map { WrappedText.wrapped($0) + "\n" }.joined())
    }

    private struct Column {
        let above: String
        let heading: String
        let width: Int
    }

    private static let guardWidth = 20

    /// Those of a workload; where it is about waits, the longest ones stand in the place of the faults' p99.9 and the
    /// invalidations' p99.
    private static func columns(areAboutWaits: Bool) -> [Column] {
        [
            Column(above: "", heading: "n", width: 3),
            Column(above: "faults", heading: "per s", width: 6),
            Column(above: "", heading: "+-", width: 5),
            Column(above: "vs", heading: "rwlock", width: 6),
            Column(above: "fault", heading: "p50", width: 6),
            Column(above: "fault", heading: "p99", width: 6),
            Column(above: "fault", heading: areAboutWaits ? "worst" : "p99.9", width: 6),
            Column(above: "inval.", heading: "per s", width: 6),
            Column(above: areAboutWaits ? "start" : "inval.", heading: areAboutWaits ? "worst" : "p99", width: 6),
            Column(above: "retries", heading: "/ fault", width: 7),
            Column(above: "all", heading: "stale", width: 5),
        ]
    }

    private static func block(_ group: WorkloadGroup, unprotectedGuards: Set<String>) -> String {
        let columns = columns(areAboutWaits: group.isAboutWaits)
        let rwlock = group.series.first { $0.guardName == "rwlock" }?.median(.faultsPerSecond)
        let lines = group.series.flatMap { series in
            let flags = SeriesFlag.all(of: series, unprotectedGuards: unprotectedGuards)
            let name = series.guardName + (flags.contains(.unsafe) ? " \(SeriesFlag.unsafe.rawValue)" : "")
            let marks = SeriesFlag.marks(flags)
            let values = line(first: name, cells(series, rwlock: rwlock, group.isAboutWaits), columns)
            return [values + (marks.isEmpty ? "" : " " + marks)] + parameters(of: series.variant)
        }
        let title = shortened(group.workload.title, to: 100)
        let above = line(first: "", columns.map(\.above), columns)
        let heading = line(first: "guard", columns.map(\.heading), columns)
        return ([title, above, heading] + lines).map { $0 + "\n" }.joined()
    }

    /// The guard's parameters in a line of their own, where it has some.
    private static func parameters(of variant: GuardVariant) -> [String] {
        if variant.parameters.isEmpty { return [] }
        return [shortened("  " + variant.parameters.map { "\($0.key):\($0.value)" }.joined(separator: " "), to: 100)]
    }

    private static func cells(_ series: GuardSeries, rwlock: Double?, _ areAboutWaits: Bool) -> [String] {
        func text(_ metric: Metric, _ format: (Double) -> String) -> String { series.median(metric).map(format) ?? "-" }
        func worst(_ metric: Metric) -> String { series.worst(metric).map { ScaledNumber.duration($0) } ?? "-" }
        let rate = series.median(.faultsPerSecond)
        let quotient: String? =
            if let rate, let rwlock, rwlock > 0 { ScaledNumber.ratio(rate / rwlock) + "x" } else { nil }
        return [
            String(series.alike.count),
            rate.map { ScaledNumber.rate($0) } ?? "-",
            deviation(series),
            quotient ?? "-",
            text(.faultP50) { ScaledNumber.duration($0) },
            text(.faultP99) { ScaledNumber.duration($0) },
            areAboutWaits ? worst(.faultLongest) : text(.faultP99_9) { ScaledNumber.duration($0) },
            text(.invalidationsPerSecond) { ScaledNumber.rate($0) },
            areAboutWaits
                ? worst(.invalidationStartLongest) : text(.invalidationP99) { ScaledNumber.duration($0) },
            text(.faultRetriesPerFault, ScaledNumber.small),
            series.staleInstalls.map { ScaledNumber.count($0) } ?? "-",
        ]
    }

    /// The longer side of the median's interval, in per cent of the median.
    private static func deviation(_ series: GuardSeries) -> String {
        guard let median = series.median(.faultsPerSecond), median > 0,
            let interval = MedianInterval(series.values(.faultsPerSecond))
        else { return "-" }
        let percent = 100 * max(interval.upper - median, median - interval.lower) / median
        return percent >= 999.5 ? ">999%" : String(format: percent < 99.95 ? "%.1f%%" : "%.0f%%", percent)
    }

    private static func line(first: String, _ cells: [String], _ columns: [Column]) -> String {
        let name = shortened(first, to: guardWidth)
        var line = name + padding(guardWidth - name.count)
        for (cell, column) in zip(cells, columns) {
            line += " " + padding(column.width - cell.count) + cell
        }
        return line
    }

    /// A long name loses its middle: guards of one family differ at the end.
    private static func shortened(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        let ending = (width - 2) / 2
        return text.prefix(width - 2 - ending) + ".." + text.suffix(ending)
    }

    private static func padding(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
