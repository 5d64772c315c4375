import Foundation

/// An answer for people at a terminal, at most 100 columns wide: the verdict first, then a small table for each workload.
public struct AnswerTable: Sendable, CustomStringConvertible {
    /// How it looks.
    public struct Style: Sendable {
        /// Whether the terminal shows colours.
        public var hasColours: Bool
        /// Whether every column is shown that there is, whatever the width.
        public var isWide: Bool

        /// Plain and narrow unless something else is asked for.
        public init(hasColours: Bool = false, isWide: Bool = false) {
            self.hasColours = hasColours
            self.isWide = isWide
        }
    }

    /// The text, with a newline at its end; empty if no row is a repetition of a cell.
    public let description: String

    /// Lays out an answer. `machine` says what it was measured on: `2 virtual cores of an AMD EPYC`.
    public init(_ answer: RunAnswer, machine: MachineText, style: Style = Style()) {
        guard !answer.workloads.isEmpty else {
            description = ""
            return
        }
        let painter = Painter(isOn: style.hasColours)
        let verdict = VerdictText(answer, machine: machine).lines
        let top = verdict.map { WrappedText.wrapped($0) }
        let kernel = Self.kernelBlock(answer.workloads.filter(\.isOfKernelAlone), machine, style, painter)
        let blocks = answer.workloads.indices.filter { kernel == nil || !answer.workloads[$0].isOfKernelAlone }.map {
            index in
            let workload = answer.workloads[index]
            let isOtherState = index > 0 && answer.workloads[index - 1].name == workload.name && !style.isWide
            // Of another state of the cores the best guard is enough: a screen has no room for every table twice.
            return isOtherState
                ? Self.line(of: workload) : "\n" + Self.block(workload, machine: machine, style: style, painter)
        }
        let ladders = answer.ladders.map { ladder in
            let text = LadderText(ladder, machine: machine)
            return "\n" + ([painter.bold(Self.shortened(text.title, to: 100))] + text.lines).joined(separator: "\n")
        }
        let notes = Self.notes(answer).map { WrappedText.wrapped($0) }
        description =
            ([painter.bold(top.joined(separator: "\n"))] + [kernel].compactMap(\.self) + blocks + ladders)
            .joined(separator: "\n") + "\n"
            + (notes.isEmpty ? "" : "\n" + notes.joined(separator: "\n") + "\n")
    }

    /// One column: what stands above it, its width, and its text for a guard.
    private struct Column {
        let heading: String
        let width: Int
        let text: (GuardAnswer) -> String
    }

    private static func columns(of answer: WorkloadAnswer, machine: MachineText, isWide: Bool) -> [Column] {
        let reference = answer.reference ?? "reference"
        func duration(_ heading: String, _ metric: Metric) -> Column {
            Column(heading: heading, width: 7) { guardAnswer in
                guardAnswer.median(metric).map { machine.latency($0) } ?? "-"
            }
        }
        func longest(_ heading: String, _ metric: Metric) -> Column {
            Column(heading: heading, width: 7) { $0.longest(metric).map { ScaledNumber.duration($0) } ?? "-" }
        }
        let rate = Column(heading: "fault/s", width: 7) {
            $0.faultsPerSecond.map { ScaledNumber.rate($0.value) } ?? "too few"
        }
        let interval = Column(heading: "95 %", width: 11) { guardAnswer in
            guardAnswer.faultsPerSecond.map { "\(ScaledNumber.rate($0.low))-\(ScaledNumber.rate($0.high))" } ?? "-"
        }
        let ratio = Column(heading: "x \(shortened(reference, to: 16))", width: 18) { guardAnswer in
            guard let ratio = guardAnswer.ratio else { return "-" }
            return guardAnswer.name == answer.reference ? "1" : text(of: ratio)
        }
        let invalidations = Column(heading: "inval/s", width: 7) { guardAnswer in
            guardAnswer.median(.invalidationsPerSecond).map { $0 == 0 ? "-" : ScaledNumber.rate($0) } ?? "-"
        }
        let stale = Column(heading: "stale", width: 5) { $0.stale.map { ScaledNumber.count($0) } ?? "-" }
        let faultTail =
            answer.isOversubscribed || answer.isAboutWaits
            ? longest("f.worst", .faultLongest) : duration("f. p99", .faultP99)
        var rates = [rate, interval, ratio]
        var invalidationTails: [Column]
        if answer.isOversubscribed {
            invalidationTails = [longest("i.worst", .invalidationLongestWait)]
            if answer.guards.contains(where: { $0.median(.invalidationP99_9) != nil }) {
                invalidationTails.insert(duration("i.p99.9", .invalidationP99_9), at: 0)
                // The ratio's interval says what that of the rate does: there is no room for both beside the tails.
                rates = [rate, ratio]
            }
        } else if answer.isAboutWaits {
            invalidationTails = [longest("i.worst", .invalidationStartLongest)]
        } else {
            invalidationTails = [duration("i. p99", .invalidationP99)]
        }
        let narrow = rates + [faultTail, invalidations] + invalidationTails + [stale]
        guard isWide else { return narrow }
        let pages = Column(heading: "page/s", width: 7) { guardAnswer in
            guardAnswer.median(.pagesPerSecond).map { ScaledNumber.rate($0) } ?? "-"
        }
        let hasPages = answer.guards.contains { $0.median(.pagesPerSecond) != nil }
        return narrow + (hasPages ? [pages] : []) + [
            Column(heading: "n", width: 4) { String($0.repetitions) },
            duration("f. p50", .faultP50), duration("p99.9", .faultP99_9), longest("worst", .faultLongest),
            duration("i. p50", .invalidationP50), duration("p99.9", .invalidationP99_9),
            Column(heading: "retries", width: 8) { guardAnswer in
                guardAnswer.median(.faultRetriesPerFault).map { ScaledNumber.small($0) } ?? "-"
            },
            Column(heading: "CPU/fault", width: 9) { guardAnswer in
                guardAnswer.processorNanosecondsPerFault.map { ScaledNumber.duration($0) } ?? "-"
            },
        ]
    }

    private static let guardWidth = 20

    private static func block(
        _ answer: WorkloadAnswer, machine: MachineText, style: Style, _ painter: Painter
    ) -> String {
        let columns = columns(of: answer, machine: machine, isWide: style.isWide)
        let cores = answer.sharedCores.map { "cores at \($0)" }
        let measured = [answer.state?.description, cores, ScaledNumber.counted(answer.blocks, "block")]
            .compactMap(\.self)
        let title = shortened("\(answer.title): \(measured.joined(separator: ", "))", to: 100)
        let lines = answer.guards.map { guardAnswer in
            // What weighs most: there is room for one word. The others would not change a decision.
            let marks = guardAnswer.flags.first { $0 != .tooFew }?.rawValue ?? ""
            let cells = columns.map { $0.text(guardAnswer) }
            let group = guardAnswer.group.map(String.init) ?? ""
            let text = line(group, guardAnswer.name, cells, columns) + (marks.isEmpty ? "" : " " + marks)
            return painter.line(text, of: guardAnswer)
        }
        let heading = line("", "guard", columns.map(\.heading), columns)
        let headline = answer.headline.map { [WrappedText.wrapped($0)] } ?? []
        return ([painter.bold(title)] + headline + [painter.dim(heading)] + lines).joined(separator: "\n")
    }

    /// A table of what the kernel alone does, a line a workload; `nil` if there is one workload of it or none.
    private static func kernelBlock(
        _ answers: [WorkloadAnswer], _ machine: MachineText, _ style: Style, _ painter: Painter
    ) -> String? {
        guard answers.count > 1 else { return nil }
        var columns = columns(of: answers[0], machine: machine, isWide: style.isWide)
            .filter { !$0.heading.hasPrefix("x ") }
        if !style.isWide {
            // There is no second guard to compare with, and room for medians.
            for (heading, metric, place) in [("i. p50", Metric.invalidationP50, 4), ("f. p50", .faultP50, 2)] {
                let column = Column(heading: heading, width: 7) { guardAnswer in
                    guardAnswer.median(metric).map { machine.latency($0) } ?? "-"
                }
                columns.insert(column, at: min(place, columns.count))
            }
        }
        let titles = answers.map(\.titleOfKernel)
        let width = max(guardWidth, titles.map(\.count).max() ?? 0)
        func line(_ name: String, _ cells: [String]) -> String {
            zip(cells, columns).reduce(name + padding(width - name.count)) { line, pair in
                line + " " + padding(pair.1.width - pair.0.count) + pair.0
            }
        }
        let lines = zip(answers, titles).flatMap { answer, title in
            answer.guards.map { guardAnswer in
                let marks = guardAnswer.flags.first { $0 != .tooFew }?.rawValue ?? ""
                let text = line(title, columns.map { $0.text(guardAnswer) }) + (marks.isEmpty ? "" : " " + marks)
                return painter.line(text, of: guardAnswer)
            }
        }
        let title = painter.bold("The kernel alone, by scenario and threads (faulters + invalidators)")
        return (["\n" + title, painter.dim(line("", columns.map(\.heading)))] + lines).joined(separator: "\n")
    }

    /// `8.04 (5.28-12.2)`.
    private static func text(of ratio: Estimate) -> String {
        let ends = "\(ScaledNumber.ratio(ratio.low))-\(ScaledNumber.ratio(ratio.high))"
        return "\(ScaledNumber.ratio(ratio.value)) (\(ends))"
    }

    /// A workload in one line: `cores far, 458 ns between cores, 7 blocks: adaptive, asymmetric; 8.04 (5.28-12.2) x interval`.
    private static func line(of answer: WorkloadAnswer) -> String {
        let measured = [answer.state?.description, ScaledNumber.counted(answer.blocks, "block")].compactMap(\.self)
        let names = answer.best.map(\.name).joined(separator: ", ")
        var text = "   \(measured.joined(separator: ", ")): \(names.isEmpty ? "no guard has a rank" : names)"
        if let ratio = answer.best.first?.ratio, let reference = answer.reference, answer.best[0].name != reference {
            text += "; \(self.text(of: ratio)) x \(reference)"
        }
        return shortened(text, to: 100)
    }

    private static func line(_ group: String, _ name: String, _ cells: [String], _ columns: [Column]) -> String {
        let name = shortened(name, to: guardWidth)
        var line = padding(2 - group.count) + group + " " + name + padding(guardWidth - name.count)
        for (cell, column) in zip(cells, columns) { line += " " + padding(column.width - cell.count) + cell }
        return line
    }

    /// What the marks mean, once each.
    private static func notes(_ answer: RunAnswer) -> [String] {
        let flags = Set(answer.workloads.flatMap(\.guards).flatMap(\.flags))
        let setAside = Dictionary(answer.workloads.map { ($0.name, $0.setAside) }) { first, _ in first }.values.reduce(
            0, +)
        let notes = GuardFlag.allCases.filter(flags.contains).map { "\($0.rawValue): \($0.meaning)" }
        let groups = "Guards with one number in front are not told apart."
        let left =
            setAside == 0
            ? "" : " \(ScaledNumber.counted(setAside, "block")) met the cores in changing states and were set aside."
        let cores =
            answer.workloads.allSatisfy { $0.sharedCores == nil }
            ? ""
            : " Cores at less than 100 % of their best: others took a part of them, and faults/s are those at 100 %."
        return [([groups + left + cores] + notes).joined(separator: " ")]
    }

    /// A long name loses its middle: guards of one family differ at the end.
    private static func shortened(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        let ending = (width - 2) / 2
        return text.prefix(width - 2 - ending) + ".." + text.suffix(ending)
    }

    private static func padding(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}

extension WorkloadAnswer {
    /// `touch-munmap 1 + 1`, and what is not default.
    fileprivate var titleOfKernel: String {
        guard let cell = guards.first?.cell else { return title }
        return
            (["\(cell.scenario) \(cell.faulters) + \(cell.invalidators)"]
            + cell.parameters.map { "\($0.key) \($0.value)" })
            .joined(separator: ", ")
    }

    /// `72 %` if the faulters' cores did so much of their best; `nil` if they were near it, or nobody knows.
    fileprivate var sharedCores: String? {
        coreShare.flatMap { $0 < 0.97 ? "\(ScaledNumber.ratio(100 * $0)) %" : nil }
    }
}

extension GuardFlag {
    /// What it means for a reader.
    var meaning: String {
        switch self {
        case .unsafe: "does not protect; it is the limit of speed, never a choice."
        case .stale: "let stale translations through: do not use it, and report it."
        case .tooFew:
            "fewer than \(WorkloadAnswer.fewestBlocks) repetitions met the cores in one state: measure longer."
        case .noisy:
            "its rate differs so much from one repetition to the next that it has no rank."
        case .behind:
            "did not do in time what was due in the window: the rate offered is more than it can do here."
        case .unfair: "some threads of a role got far more done than others."
        }
    }
}

/// Puts colours around text, or leaves it as it is.
private struct Painter {
    let isOn: Bool

    func bold(_ text: String) -> String { painted(text, "1") }
    func dim(_ text: String) -> String { painted(text, "2") }

    /// The guards that one may take are green, those that must not be taken red or dim.
    func line(_ text: String, of guardAnswer: GuardAnswer) -> String {
        if guardAnswer.flags.contains(.stale) { return painted(text, "31") }
        if !guardAnswer.isProtected { return painted(text, "2") }
        return guardAnswer.group == 1 ? painted(text, "32") : text
    }

    private func painted(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
