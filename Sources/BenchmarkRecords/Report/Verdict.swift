/// The words after a run: which guard was best on which workload, by how much, and how sure that is.
///
/// In each workload the protected guards are ranked by their median of faults a second. The best is compared with every
/// other one by an exact Mann-Whitney test, repetitions with those that met the cores in the same state, corrected after
/// Holm for the comparisons of the workload, at the level 0.05.
public struct Verdict: Sendable, CustomStringConvertible {
    /// One verdict for each workload, in the order of the table.
    public let groups: [GroupVerdict]

    /// Judges the repetitions in `rows`; rows that are aggregates or no cells of ours are left out.
    ///
    /// `unprotectedGuards` are the guards that are declared unsafe: they are a measure of speed, never a choice.
    public init(rows: [ResultRow], unprotectedGuards: Set<String>) {
        groups = WorkloadGroup.groups(of: rows).map { GroupVerdict($0, unprotectedGuards: unprotectedGuards) }
    }

    /// The run in one or two sentences.
    public var headline: String {
        let contested = groups.filter { $0.comparisons > 0 }
        guard !contested.isEmpty else {
            return groups.contains { $0.best != nil }
                ? "Nothing to compare: each workload was run with one protected guard."
                : "No protected guard was measured."
        }
        let decided = contested.filter(\.undecided.isEmpty)
        guard !decided.isEmpty else {
            let (leaders, wins, _) = Self.leaders(contested.map { [$0.best].compactMap(\.self) })
            return "\(Self.subject(leaders, one: "has", many: "each have")) the highest median in "
                + "\(Self.share(wins, of: contested.count)), but the repetitions are too few to tell guards apart."
        }
        let (leaders, wins, next) = Self.leaders(decided.map { [$0.best].compactMap(\.self) + $0.tied })
        var headline =
            "\(Self.subject(leaders, one: "is", many: "are each")) best or tied for best in "
            + Self.share(wins, of: decided.count)
        if let next { headline += "; next: \(GroupVerdict.list(next.names)) with \(next.wins)" }
        headline += "."
        let starving = decided.count { $0.starved != nil }
        if starving > 0 { headline += " In \(starving) of these the fastest guard starves the invalidator." }
        let open = contested.count - decided.count
        if open > 0 { headline += " In \(open) more the repetitions are too few to tell." }
        return headline
    }

    /// The whole verdict for a terminal of 100 columns.
    public var description: String {
        let method =
            "Ranked by median faults/s; compared by exact Mann-Whitney tests, Holm-corrected, p < 0.05, within each "
            + "state of the cores; in brackets 95 % intervals."
        return ([headline] + groups.map { "\($0.workload)\n  \($0.sentences.joined(separator: " "))" } + [method])
            .map { WrappedText.wrapped($0) }.joined(separator: "\n") + "\n"
    }

    private static func subject(_ names: [String], one: String, many: String) -> String {
        "\(GroupVerdict.list(names)) \(names.count == 1 ? one : many)"
    }

    private static func share(_ wins: Int, of count: Int) -> String {
        count == 1 ? "the one workload compared" : "\(wins) of \(count) workloads"
    }

    /// The names that come in most of the lists, how many lists that is, and the runners-up.
    private static func leaders(
        _ lists: [[String]]
    ) -> (names: [String], wins: Int, next: (names: [String], wins: Int)?) {
        var wins: [String: Int] = [:]
        for name in lists.joined() { wins[name, default: 0] += 1 }
        let counts = Set(wins.values).sorted(by: >)
        func names(with count: Int) -> [String] { wins.filter { $0.value == count }.keys.sorted() }
        let next = counts.dropFirst().first.map { (names: names(with: $0), wins: $0) }
        return (names(with: counts.first ?? 0), counts.first ?? 0, next)
    }
}
