/// What a page says of a ladder: a small figure for each guard, all of one scale, with the curve of the law, and all numbers.
struct LadderSection {
    private let ladder: Ladder
    private let machine: MachineText
    private let number: Int
    private let host: String?

    /// The section number `number` of its kind, counted from 1. Its heading names the host if the page has several.
    init(_ ladder: Ladder, machine: MachineText, number: Int, host: String? = nil) {
        self.host = host
        self.ladder = ladder
        self.machine = machine
        self.number = number
    }

    /// What its address inside the page is: `ladder-1`.
    var identifier: String { "ladder-\(number)" }

    /// Its heading.
    var title: String {
        [host, "More faulters: \(ladder.title)", ladder.state?.description].compactMap(\.self)
            .joined(separator: " \u{00B7} ")
    }

    /// The section as HTML.
    var markup: String {
        let drawing = svg?.markup ?? HTMLText.element("p", "No guard has a rate.", class: "absent")
        return """
            <section id="\(identifier)">
            \(HTMLText.element("h2", title))
            <figure>
            \(HTMLText.element("h3", "Faults per second by faulters"))
            \(drawing)
            <figcaption>\(HTMLText.element("p", Self.legend))</figcaption>
            </figure>
            \(table.markup)
            </section>
            """
    }

    private static let legend =
        "Dots are medians with 95 % intervals; hollow ones had more threads than cores. The dashed curve is the Universal "
        + "Scalability Law, fitted to the full ones where there are \(ScalabilityLaw.fewestPoints) or more."

    private static let panelHeight = 84.0

    /// The figure; `nil` if no guard has a rate.
    private var svg: SVGFigure? {
        let points = ladder.climbs.flatMap(\.points)
        guard let up = PlotScale(points.flatMap { [$0.faultsPerSecond.low, $0.faultsPerSecond.high] }),
            let across = PlotScale(ladder.rungs.map(Double.init), isAlwaysLogarithmic: true)
        else { return nil }
        var figure = SVGFigure(
            title: "Faults per second by faulters: \(ladder.title)", description: description,
            identifier: identifier + "-rate")
        figure.words(
            "up: faults/s" + (up.isLogarithmic ? ", log scale" : "") + "; right: faulters", at: 0, 12, class: "axis")
        for climb in ladder.climbs {
            figure.words(climb.name, at: 0, figure.height + 16, class: "name")
            let top = figure.height + 8
            let bottom = top + Self.panelHeight
            func y(_ rate: Double) -> Double { bottom - up.place(rate) * Self.panelHeight }
            for tick in up.ticks {
                figure.line(from: 0, y(tick), to: 1, y(tick), class: "grid")
            }
            if let top = up.ticks.last {
                figure.words(ScaledNumber.rate(top), at: 1, y(top) - 3, anchor: .end, class: "tick")
            }
            Self.add(climb, to: &figure, across, y)
            for rung in ladder.rungs {
                figure.words("\(rung)", at: across.place(Double(rung)), bottom + 14, anchor: .middle, class: "tick")
            }
            figure.space(6)
        }
        return figure
    }

    private static func add(
        _ climb: Ladder.Climb, to figure: inout SVGFigure, _ across: PlotScale, _ y: (Double) -> Double
    ) {
        if let law = climb.law, let first = climb.fitted.first?.faulters, let last = climb.fitted.last?.faulters {
            let steps = 24
            let threads = (0...steps).map { step in
                Double(first) + Double(last - first) * Double(step * step) / Double(steps * steps)
            }
            for (one, next) in zip(threads, threads.dropFirst()) {
                figure.line(
                    from: across.place(one), y(law.rate(one)), to: across.place(next), y(law.rate(next)), class: "limit"
                )
            }
        }
        for point in climb.points {
            let (x, rate) = (across.place(Double(point.faulters)), point.faultsPerSecond)
            figure.line(from: x, y(rate.low), to: x, y(rate.high), class: "interval")
            figure.dot(
                at: x, y(rate.value), radius: 4, class: "dot \(point.isOversubscribed ? "hollow" : "full") fault",
                hint: "\(climb.name), \(point.faulters) faulters: \(ScaledNumber.rate(rate.value)) faults/s")
        }
    }

    private var description: String {
        let parts = ladder.climbs.map { climb in
            let points = climb.points.map { "\($0.faulters): \(ScaledNumber.rate($0.faultsPerSecond.value))" }
            return "\(climb.name): \(points.isEmpty ? "too few repetitions" : points.joined(separator: ", "))"
        }
        return parts.joined(separator: "; ") + "."
    }

    private var table: HTMLTable {
        let counted = ladder.hasCounts ? ladder.rungs.map { "\($0), lines (counted)" } : []
        let rungs = ladder.rungs.map { "\($0), faults/s" } + ladder.rungs.map { "\($0), p99" } + counted
        let headings = ["guard"] + rungs + ["law"]
        return HTMLTable(
            caption: "All numbers of \(title).",
            columns: headings.enumerated().map {
                HTMLTable.Column(heading: $0.element, isNumeric: (1..<headings.count - 1).contains($0.offset))
            },
            rows: ladder.climbs.map { climb in
                let points = ladder.rungs.map { rung in climb.points.first { $0.faulters == rung } }
                let rates = points.map { point in
                    guard let rate = point?.faultsPerSecond else { return "too few" }
                    let ends = "\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high))"
                    return "\(ScaledNumber.rate(rate.value)) (\(ends))" + (point?.isOversubscribed == true ? "*" : "")
                }
                let tails = points.map { $0?.faultP99.map { machine.latency($0) } ?? "-" }
                let law = climb.law.map { LadderText.text(of: $0, largest: climb.fitted.last?.faulters ?? 1) }
                let lines = ladder.hasCounts ? points.map { LadderText.lines($0?.countedLines) } : []
                return [climb.name] + rates + tails + lines + [law ?? climb.absence]
            })
    }
}
