/// A ladder for people at a terminal, at most 100 columns wide: faults a second and the 99th percentile by faulters, and what
/// the Universal Scalability Law says.
struct LadderText {
    private let ladder: Ladder
    private let machine: MachineText

    init(_ ladder: Ladder, machine: MachineText) {
        self.ladder = ladder
        self.machine = machine
    }

    /// More rungs than this are thinned: the first and the last stay.
    private static let mostRungs = 9
    private static let nameWidth = 20
    private static let columnWidth = 8

    /// Its heading.
    var title: String {
        (["ladder: \(ladder.title)"] + [ladder.state?.description].compactMap(\.self)).joined(separator: ", ")
    }

    /// The lines below the heading.
    var lines: [String] {
        let rungs = shownRungs
        let heading = row("faulters", "", rungs.map { "\($0)\(isOversubscribed($0) ? "*" : "")" })
        let guards = ladder.climbs.flatMap { climb in
            let points = rungs.map { rung in climb.points.first { $0.faulters == rung } }
            return [
                row(
                    climb.name, "fault/s",
                    points.map { $0.map { ScaledNumber.rate($0.faultsPerSecond.value) } ?? "too few" }),
                row("", "p99", points.map { $0?.faultP99.map { machine.latency($0) } ?? "-" }),
            ] + (ladder.hasCounts ? [row("", "lines", points.map { Self.lines($0?.countedLines) })] : [])
        }
        let notes = isAnyOversubscribed ? ["   * more threads than cores: no part of a fit"] : []
        let counts = ladder.hasCounts ? ["   lines: what a fault takes from other cores, counted and not measured"] : []
        return [heading] + guards + laws + notes + counts
    }

    /// Counted lines: `2.82`.
    static func lines(_ count: Double?) -> String { count.map { ScaledNumber.ratio($0) } ?? "-" }

    /// What the law says of each guard; one line for all of which it says the same.
    private var laws: [String] {
        var absent: [(reason: String, names: [String])] = []
        var lines: [String] = []
        for climb in ladder.climbs {
            if let law = climb.law {
                lines.append("   \(climb.name): \(Self.text(of: law, largest: climb.fitted.last?.faulters ?? 1))")
            } else if let index = absent.firstIndex(where: { $0.reason == climb.absence }) {
                absent[index].names.append(climb.name)
            } else {
                absent.append((climb.absence, [climb.name]))
            }
        }
        return lines
            + absent.map { reason, names in
                WrappedText.wrapped(
                    "   \(names.count == ladder.climbs.count ? "" : names.joined(separator: ", ") + ": ")\(reason)")
            }
    }

    /// `contention 0.031 (0.02-0.041), coherency 0.0003 (0-0.001), peak at 56 faulters, R2 0.998`.
    static func text(of law: ScalabilityLaw, largest: Int) -> String {
        func interval(_ estimate: Estimate) -> String {
            "\(ScaledNumber.ratio(estimate.value)) "
                + "(\(ScaledNumber.ratio(estimate.low))-\(ScaledNumber.ratio(estimate.high)))"
        }
        // What lies far beyond the last rung was not seen.
        let peak =
            law.peak.flatMap { $0 <= 2 * Double(largest) ? "peak at \(Int($0.rounded())) faulters" : nil }
            ?? "no peak up to \(largest) faulters"
        return "contention \(interval(law.contention)), coherency \(interval(law.coherency)), \(peak), "
            + "R2 \(ScaledNumber.ratio(law.goodness))"
    }

    private var shownRungs: [Int] {
        let rungs = ladder.rungs
        guard rungs.count > Self.mostRungs else { return rungs }
        return (0..<Self.mostRungs).map { rungs[$0 * (rungs.count - 1) / (Self.mostRungs - 1)] }
    }

    private func isOversubscribed(_ rung: Int) -> Bool {
        ladder.climbs.contains { climb in climb.points.contains { $0.faulters == rung && $0.isOversubscribed } }
    }

    private var isAnyOversubscribed: Bool { ladder.rungs.contains(where: isOversubscribed) }

    private func row(_ name: String, _ unit: String, _ cells: [String]) -> String {
        func padding(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
        let name = String(name.prefix(Self.nameWidth))
        let start = "   " + name + padding(Self.nameWidth - name.count + 1) + unit + padding(7 - unit.count)
        return cells.reduce(start) { $0 + padding(Self.columnWidth - $1.count) + $1 }
    }
}
