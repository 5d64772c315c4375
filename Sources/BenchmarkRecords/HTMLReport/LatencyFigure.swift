/// The latencies of a workload's guards, a line for each role from its p50 to its maximum: medians over the repetitions,
/// on an axis that goes by factors.
struct LatencyFigure {
    private let answer: WorkloadAnswer
    private let machine: MachineText
    private let identifier: String
    private let roles: [Role]

    /// One of the two kinds of operations that are timed.
    enum Role: String, CaseIterable {
        case fault
        case invalidation

        /// Its percentiles and its maximum, in order, with what they are called.
        var percentiles: [(name: String, metric: Metric)] {
            switch self {
            case .fault:
                [
                    ("p50", .faultP50), ("p90", .faultP90), ("p99", .faultP99), ("p99.9", .faultP99_9),
                    ("p99.99", .faultP99_99), ("max", .faultMaximum),
                ]
            case .invalidation:
                [
                    ("p50", .invalidationP50), ("p90", .invalidationP90), ("p99", .invalidationP99),
                    ("p99.9", .invalidationP99_9), ("p99.99", .invalidationP99_99), ("max", .invalidationMaximum),
                ]
            }
        }

        /// Those that a workload has: in one without invalidators there is nothing of theirs to show.
        static func all(in answer: WorkloadAnswer) -> [Role] {
            answer.guards.allSatisfy { $0.cell?.invalidators == 0 } ? [.fault] : allCases
        }
    }

    /// For `answer`, measured on `machine`; `identifier` is what the figure is called inside the page.
    init(_ answer: WorkloadAnswer, machine: MachineText, identifier: String) {
        self.answer = answer
        self.machine = machine
        self.identifier = identifier
        roles = Role.all(in: answer)
    }

    /// The figure; `nil` if no guard has a latency.
    var svg: SVGFigure? {
        let values = answer.guards.flatMap { guardAnswer in
            roles.flatMap(\.percentiles).compactMap { guardAnswer.median($0.metric) }
        }
        guard let scale = PlotScale(values, isAlwaysLogarithmic: true) else { return nil }
        var figure = SVGFigure(title: "Latencies: \(answer.title)", description: description, identifier: identifier)
        figure.words("latency, log scale", at: 0, 12, class: "axis")
        addLegend(to: &figure)
        let top = figure.height + 4
        let drawn = figure.count
        var rows = figure
        rows.space(4)
        for guardAnswer in answer.guards { add(guardAnswer, to: &rows, scale) }
        let bottom = rows.height + 4
        figure.axis(scale, from: top, to: bottom) { ScaledNumber.duration($0) }
        figure.overlay(rows, from: drawn)
        return figure
    }

    /// What is not in the figure, in a sentence; `nil` if all of it is.
    var absent: String? {
        let timed = answer.guards.filter { $0.faultsPerSecond != nil }
        let parts = roles.flatMap { role in
            // Percentiles that the same guards lack are named together.
            var groups: [(percentiles: [String], guards: [String])] = []
            for (name, metric) in role.percentiles {
                let missing = timed.filter { $0.median(metric) == nil }.map(\.name)
                if missing.isEmpty { continue }
                if let place = groups.firstIndex(where: { $0.guards == missing }) {
                    groups[place].percentiles.append(name)
                } else {
                    groups.append(([name], missing))
                }
            }
            return groups.map { group in
                let guards = group.guards.count == timed.count ? "all guards" : NameList.text(group.guards)
                return "\(role.rawValue) \(NameList.text(group.percentiles)) of \(guards)"
            }
        }
        if parts.isEmpty { return nil }
        return "Absent, because some repetition has none, or too small a sample for it: "
            + parts.joined(separator: "; ") + "."
    }

    /// The marks in order: the percentile that a choice is made by is the boldest.
    private static func mark(_ name: String) -> (kind: String, radius: Double) {
        switch name {
        case "p50": ("full", 4)
        case "p99": ("full", 4.5)
        case "max": ("hollow", 4)
        default: ("full", 2.2)
        }
    }

    private func addLegend(to figure: inout SVGFigure) {
        let y = figure.height + 12
        for (index, role) in roles.enumerated() {
            let x = Double(index) * 0.5
            figure.line(from: x, y, to: x + 0.07, y, class: "span \(role.rawValue)")
            figure.words(role == .fault ? "faults" : "invalidations", at: x + 0.085, y + 4, class: "tick")
        }
        figure.words(
            "p50, p90, p99 (large), p99.9, p99.99, max (ring)", at: 0, figure.height + 13,
            class: "tick")
    }

    private func add(_ answer: GuardAnswer, to figure: inout SVGFigure, _ scale: PlotScale) {
        let top = figure.height
        figure.words(answer.name, at: 0, top + 13, class: answer.group == 1 ? "name first" : "name")
        if answer.faultsPerSecond == nil {
            figure.words("too few repetitions", at: 1, top + 13, anchor: .end, class: "value")
            return figure.space(4)
        }
        for (index, role) in roles.enumerated() {
            let y = top + 25 + 13 * Double(index)
            let found = role.percentiles.compactMap { name, metric in answer.median(metric).map { (name, $0) } }
            guard let first = found.first, let last = found.last else {
                figure.words("no \(role.rawValue) latencies", at: 0.02, y + 4, class: "tick")
                continue
            }
            figure.line(
                from: scale.place(first.1), y, to: scale.place(last.1), y, class: "span \(role.rawValue)")
            for (name, value) in found {
                let (kind, radius) = Self.mark(name)
                figure.dot(
                    at: scale.place(value), y, radius: radius, class: "\(kind) \(role.rawValue)",
                    hint: "\(answer.name), \(role.rawValue) \(name): \(machine.latency(value))")
            }
        }
        figure.space(4)
    }

    private var description: String {
        let parts = answer.guards.map { guardAnswer in
            let roles = roles.map { role in
                let texts = role.percentiles.compactMap { name, metric in
                    guardAnswer.median(metric).map { "\(name) \(machine.latency($0))" }
                }
                return "\(role.rawValue)s \(texts.isEmpty ? "without latencies" : texts.joined(separator: ", "))"
            }
            return "\(guardAnswer.name): \(roles.joined(separator: "; "))"
        }
        return parts.joined(separator: ". ") + "."
    }
}
