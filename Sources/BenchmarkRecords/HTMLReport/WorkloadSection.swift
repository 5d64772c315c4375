/// What a page says of one workload in one state of the cores: the verdict, three figures, and all numbers as a table.
struct WorkloadSection {
    private let answer: WorkloadAnswer
    private let machine: MachineText
    private let number: Int
    private let host: String?
    private let namesState: Bool

    /// The section number `number`, counted from 1. Its heading names the host and the state of the cores if the page has
    /// several.
    init(_ answer: WorkloadAnswer, machine: MachineText, number: Int, host: String? = nil, namesState: Bool) {
        self.host = host
        self.answer = answer
        self.machine = machine
        self.number = number
        self.namesState = namesState
    }

    /// What its address inside the page is: `workload-3`.
    var identifier: String { "workload-\(number)" }

    /// Its heading.
    var title: String {
        [host, answer.title, namesState ? answer.state?.description : nil].compactMap(\.self)
            .joined(separator: " \u{00B7} ")
    }

    /// The section as HTML.
    var markup: String {
        let latency = LatencyFigure(answer, machine: machine, identifier: identifier + "-latency")
        let roles = RolesFigure(answer, identifier: identifier + "-roles")
        let setAside =
            answer.setAside == 0
            ? ""
            : ", \(ScaledNumber.counted(answer.setAside, "block")) met the cores in changing states and "
                + "\(answer.setAside == 1 ? "was" : "were") set aside"
        var figures = [
            figure(
                "Faults per second", RateFigure(answer, identifier: identifier + "-rate").svg,
                note:
                    "Guards with one number in front are not told apart. The pale line is what no protection reaches.",
                otherwise: "No guard has repetitions enough in one state of the cores for a rate."),
            figure(
                "Latency percentiles", latency.svg, note: latency.absent,
                otherwise: "No guard has repetitions enough in one state of the cores, or none was timed."),
        ]
        if LatencyFigure.Role.all(in: answer).contains(.invalidation) {
            figures.append(
                figure(
                    "Faults against invalidations", roles.svg, note: roles.absent,
                    otherwise: "No guard has a rate of both: there are no invalidations, or too few repetitions."))
        }
        return """
            <section id="\(identifier)">
            \(HTMLText.element("h2", title))
            \(HTMLText.element("p", answer.verdict, class: "lead"))
            \(HTMLText.element("p", ScaledNumber.counted(answer.blocks, "block") + " in this state" + setAside + ".", class: "note"))
            \(figures.joined(separator: "\n"))
            \(table.markup)
            \(flagNotes)
            </section>
            """
    }

    private func figure(_ title: String, _ svg: SVGFigure?, note: String?, otherwise: String) -> String {
        let drawing = svg?.markup ?? HTMLText.element("p", otherwise, class: "absent")
        let words = svg == nil ? nil : note
        let command = ReproducingCommand(answer).lines
        let commands =
            command.isEmpty
            ? HTMLText.element("p", "No command line can name these cells: a name has a comma in it.")
            : "<pre>\(command.map(Self.breakable).joined(separator: "\n"))</pre>"
        return """
            <figure>
            \(HTMLText.element("h3", title))
            \(drawing)
            <figcaption>\(words.map { HTMLText.element("p", $0) } ?? "")\(commands)</figcaption>
            </figure>
            """
    }

    /// A command that may be broken behind its words and commas, and not behind the hyphens of a name.
    private static func breakable(_ command: String) -> String {
        let words = command.split(separator: " ").map { word in
            word.split(separator: ",").map { "<span>\(HTMLText.escaped(String($0)))</span>" }
                .joined(separator: ",<wbr>")
        }
        return words.joined(separator: " ")
    }

    /// Every number that a figure is drawn from.
    private var table: HTMLTable {
        let latencies = LatencyFigure.Role.all(in: answer).flatMap { role in
            let prefix = role == .fault ? "fault " : "inval. "
            return role.percentiles.map { (heading: prefix + $0.name, metric: $0.metric) }
        }
        let names = ["guard", "group", "faults/s", "95 %", "x \(answer.reference ?? "reference")", "inval/s"]
        let headings = names + latencies.map(\.heading) + ["stale", "n"]
        return HTMLTable(
            caption: "All numbers of \(title). Latencies are medians over n repetitions.",
            columns: headings.enumerated().map { HTMLTable.Column(heading: $0.element, isNumeric: $0.offset > 0) },
            rows: answer.guards.map { line(of: $0, latencies: latencies.map(\.metric)) })
    }

    private func line(of guardAnswer: GuardAnswer, latencies: [Metric]) -> [String] {
        let marks = guardAnswer.flags.filter { $0 != .tooFew }.map(\.rawValue)
        var line = [([guardAnswer.name] + marks).joined(separator: " "), guardAnswer.group.map(String.init) ?? "-"]
        if let rate = guardAnswer.faultsPerSecond {
            line += [
                ScaledNumber.rate(rate.value), "\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high))",
            ]
        } else {
            line += ["too few", "-"]
        }
        let isReference = guardAnswer.name == answer.reference
        line.append(guardAnswer.ratio.map { isReference ? "1" : WorkloadVerdict.range($0) } ?? "-")
        line.append(guardAnswer.median(.invalidationsPerSecond).map { ScaledNumber.rate($0) } ?? "-")
        line += latencies.map { metric in guardAnswer.median(metric).map { machine.latency($0) } ?? "-" }
        line.append(guardAnswer.stale.map { ScaledNumber.count($0) } ?? "-")
        line.append(String(guardAnswer.repetitions))
        return line
    }

    /// What the marks of the table mean.
    private var flagNotes: String {
        let flags = Set(answer.guards.flatMap(\.flags))
        let notes = GuardFlag.allCases.filter(flags.contains).map { flag in
            "<li><b>\(HTMLText.escaped(flag.rawValue))</b> \(HTMLText.escaped(flag.meaning))</li>"
        }
        return notes.isEmpty ? "" : "<ul class=\"note\">\(notes.joined(separator: "\n"))</ul>"
    }
}
