/// What disturbed the repetitions that a page is about.
struct NoiseSection {
    private let rows: [ResultRow]

    /// For all repetitions, of whatever state.
    init(_ rows: [ResultRow]) { self.rows = rows.filter { $0.runType == .iteration && $0.cell != nil } }

    /// The section as HTML.
    var markup: String {
        let noise = RunNoise(rows)
        let kinds = noise.frequentKinds.map(\.rawValue)
        let total = ScaledNumber.counted(noise.repetitions, "repetition")
        let sentence =
            noise.noisy == 0
            ? "None of \(total) was measured outside the limits."
            : "\(noise.noisy) of \(total) \(noise.noisy == 1 ? "was" : "were") measured outside the limits, mostly by "
                + NameList.text(kinds) + "." + (noise.isNoisy ? " That is a quarter or more: see invbench doctor." : "")
        return """
            <section id="noise">
            <h2>What was noisy</h2>
            \(HTMLText.element("p", sentence))
            \(noise.noisy == 0 ? "" : table.markup)
            </section>
            """
    }

    /// A line for each workload that has a noisy repetition.
    private var table: HTMLTable {
        var order: [Workload] = []
        var byWorkload: [Workload: [ResultRow]] = [:]
        for row in rows {
            guard let workload = row.cell.map(Workload.init(of:)) else { continue }
            if byWorkload[workload] == nil { order.append(workload) }
            byWorkload[workload, default: []].append(row)
        }
        let lines = order.compactMap { workload -> [String]? in
            let noises = byWorkload[workload, default: []].map { Noise($0) }
            let noisy = noises.count(where: \.isNoisy)
            guard noisy > 0 else { return nil }
            let counts = Noise.Kind.allCases.map { kind in
                let found = noises.count { $0.reasons.contains { $0.kind == kind } }
                return found == 0 ? "-" : String(found)
            }
            return [workload.title, "\(noisy) of \(noises.count)"] + counts
        }
        let columns =
            [
                HTMLTable.Column(heading: "workload", isNumeric: false), HTMLTable.Column(heading: "noisy"),
            ] + Noise.Kind.allCases.map { HTMLTable.Column(heading: $0.rawValue) }
        return HTMLTable(
            caption: "Noisy repetitions, and how many of them each kind of disturbance met.", columns: columns,
            rows: lines)
    }
}
