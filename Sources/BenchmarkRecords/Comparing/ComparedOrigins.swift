/// Whether two sides come from where they may be compared.
public struct ComparedOrigins: Sendable {
    private let base: ComparisonSide
    private let new: ComparisonSide

    /// Where these sides come from.
    public init(base: ComparisonSide, new: ComparisonSide) {
        self.base = base
        self.new = new
    }

    /// The hosts that the sides were measured on, each once, in order. More than one: they are not comparable, unless
    /// hosts are what is compared. Files of other programs are of none.
    public var hosts: [MeasuredHost] {
        Set(MeasuredHost.hosts(of: base.contexts + new.contexts).filter { $0.machine != nil })
            .sorted { $0.description < $1.description }
    }

    /// What differs between two runs of one program on one machine, and needs no word.
    static let changing: Set<String> = [
        "date", "load_avg", "mhz_per_cpu", "executable", "commit", "tree_dirty", "profile", "seed", "machine_id",
        "host_id", "clock_pair_ns", AnswerOptions.betweenRunsKey,
    ]

    /// What may make the sides differ beside the program, a line each. Where the runs of a side measured different
    /// benchmarks, they may differ among each other, as long as both sides have the same; a calibration has measured how
    /// the machine drifts between them.
    func warnings(runsMayDiffer: Bool = false, isCalibrated: Bool = false) -> [String] {
        let keys = Set((base.contexts + new.contexts).flatMap(\.keys)).subtracting(Self.changing).sorted()
        var lines = keys.compactMap { key -> String? in
            let (before, after) = (base.contextValues(key), new.contextValues(key))
            if before == after && (runsMayDiffer || before.count < 2) { return nil }
            return "\(key) differs: \(Self.list(before)) in the base, \(Self.list(after)) in the new"
        }
        if values("build_type").contains("debug") { lines.append("a debug build was measured: it says nothing") }
        let shared = Set(base.files).intersection(new.files)
        if let file = shared.min() { lines.append("the same file is on both sides: \(file)") }
        for (side, name) in [(base, "base"), (new, "new")] {
            if let absent = UnmeasuredRow.summary(of: side.unmeasured) { lines.append("in the \(name) \(absent)") }
        }
        if areApart && !isCalibrated {
            lines.append(
                "the sides were measured one after the other: how the machine drifted between them counts as a "
                    + "difference here; measure both in turn with invbench ab, or the drift with invbench calibrate")
        }
        return lines
    }

    /// Whether all of one side was measured before all of the other.
    private var areApart: Bool {
        guard let firstBase = base.dates.min(), let lastBase = base.dates.max(), let firstNew = new.dates.min(),
            let lastNew = new.dates.max()
        else { return false }
        return lastBase < firstNew || lastNew < firstBase
    }

    /// Whether the runs of both sides were made in turn, with three on each side at least: whenever one was measured, the
    /// other was about as often measured before as after.
    var areInTurn: Bool {
        guard base.dates.count >= 3, new.dates.count >= 3 else { return false }
        let times = Stratum(
            first: base.dates.map(\.timeIntervalSince1970), second: new.dates.map(\.timeIntervalSince1970))
        return Statistics.cliffsDelta([times]).map { abs($0) < 0.4 } ?? false
    }

    private func values(_ key: String) -> [String] {
        Set(base.contextValues(key) + new.contextValues(key)).sorted()
    }

    private static func list(_ values: [String]) -> String {
        let shown = values.prefix(3).map { $0.isEmpty ? "nothing" : $0 }
        return shown.isEmpty
            ? "absent" : shown.joined(separator: " and ") + (values.count > 3 ? " and \(values.count - 3) others" : "")
    }
}
