/// Faults against invalidations a second: a guard can be fast at one by letting the other wait.
struct RolesFigure {
    private let answer: WorkloadAnswer
    private let identifier: String

    /// A guard with both rates.
    private struct Point {
        let answer: GuardAnswer
        let x: Double
        let y: Double
    }

    private static let height = 300.0

    /// For `answer`; `identifier` is what the figure is called inside the page.
    init(_ answer: WorkloadAnswer, identifier: String) {
        self.answer = answer
        self.identifier = identifier
    }

    private var rates: [(answer: GuardAnswer, faults: Double, invalidations: Double)] {
        answer.guards.compactMap { guardAnswer in
            guard let faults = guardAnswer.faultsPerSecond?.value,
                let invalidations = guardAnswer.median(.invalidationsPerSecond), invalidations > 0
            else { return nil }
            return (guardAnswer, faults, invalidations)
        }
    }

    /// The figure; `nil` if no guard has both rates.
    var svg: SVGFigure? {
        let rates = rates
        guard let across = PlotScale(rates.map(\.invalidations)), let up = PlotScale(rates.map(\.faults)) else {
            return nil
        }
        let texts = rates.map { rate in
            "\(rate.answer.name): \(ScaledNumber.rate(rate.faults)) faults/s, "
                + "\(ScaledNumber.rate(rate.invalidations)) invalidations/s"
        }
        var figure = SVGFigure(
            title: "Faults against invalidations: \(answer.title)",
            description: texts.joined(separator: "; ") + ".", identifier: identifier)
        figure.words("up: faults/s" + (up.isLogarithmic ? ", log scale" : ""), at: 0, 12, class: "axis")
        let top = 24.0
        let bottom = top + Self.height
        figure.axis(across, from: top, to: bottom) { ScaledNumber.rate($0) }
        for tick in up.ticks {
            let y = bottom - up.place(tick) * Self.height
            figure.line(from: 0, y, to: 1, y, class: "grid")
            figure.words(ScaledNumber.rate(tick), at: 0, y - 3, class: "tick")
        }
        let points = rates.map { rate in
            Point(
                answer: rate.answer, x: across.place(rate.invalidations),
                y: bottom - up.place(rate.faults) * Self.height)
        }
        let places = ScatterLabels.places(
            of: points.map { (x: $0.x, y: $0.y, text: $0.answer.name) }, from: top, to: bottom)
        for (point, place) in zip(points, places) where place.y != point.y + 4 {
            // A label that had to move is tied to its dot.
            figure.line(from: point.x, point.y, to: point.x, place.y - 4, class: "tie")
        }
        for (index, point) in points.enumerated() {
            let kind = !point.answer.isProtected ? "pale" : point.answer.group == 1 ? "best" : "other"
            figure.dot(at: point.x, point.y, radius: 4.5, class: "dot \(kind)", hint: texts[index])
            figure.words(
                point.answer.name, at: point.x, places[index].y, offset: places[index].anchor == .start ? 8 : -8,
                anchor: places[index].anchor, class: point.answer.group == 1 ? "name first" : "name")
        }
        figure.words(
            "right: invalidations/s" + (across.isLogarithmic ? ", log scale" : ""), at: 1, figure.height + 12,
            anchor: .end, class: "axis")
        return figure
    }

    /// The guards that are not in the figure, in a sentence; `nil` if all are.
    var absent: String? {
        let shown = Set(rates.map(\.answer.name))
        let missing = answer.guards.map(\.name).filter { !shown.contains($0) }
        if missing.isEmpty { return nil }
        return "Not shown, without a rate of both: \(NameList.text(missing))."
    }
}

/// Puts words beside dots so that no two of them lie on each other.
enum ScatterLabels {
    /// Where a label stands: the line of its letters, and on which side of its dot.
    struct Place: Equatable {
        let y: Double
        let anchor: SVGFigure.Anchor
    }

    /// Widths between which the figure may have any.
    private static let widths = [SVGFigure.narrowest, 720]

    /// A place for each dot, between `top` and `bottom`. Each dot tries its right, its left, then lines farther and farther
    /// away, and takes the first place that is free of labels and dots in both the narrowest and the widest figure; if
    /// there is none, the first that is free of labels.
    static func places(of points: [(x: Double, y: Double, text: String)], from top: Double, to bottom: Double)
        -> [Place]
    {
        var places = points.map { Place(y: $0.y + 4, anchor: .start) }
        var placed: [Int] = []
        for index in points.indices.sorted(by: { points[$0].y < points[$1].y }) {
            let point = points[index]
            let candidates = (0...40).flatMap { step -> [Place] in
                let shift = 14 * Double((step + 1) / 2) * (step.isMultiple(of: 2) ? 1 : -1)
                let sides: [SVGFigure.Anchor] = point.x > 0.6 ? [.end, .start] : [.start, .end]
                return sides.map { Place(y: point.y + 4 + shift, anchor: $0) }
            }
            func isFree(_ place: Place, ofDots: Bool) -> Bool {
                guard (top + 10...bottom - 2).contains(place.y) else { return false }
                return widths.allSatisfy { width in
                    let own = extent(of: point, place, width)
                    return own.lowerBound >= 0 && own.upperBound <= width
                        && placed.allSatisfy { other in
                            abs(places[other].y - place.y) >= lineHeight
                                || !extent(of: points[other], places[other], width).overlaps(own)
                        }
                        && (!ofDots
                            || points.allSatisfy { dot in
                                abs(dot.y - (place.y - 4)) >= 10 || !own.contains(dot.x * width)
                            })
                }
            }
            let free = candidates.first { isFree($0, ofDots: true) } ?? candidates.first { isFree($0, ofDots: false) }
            if let free { places[index] = free }
            placed.append(index)
        }
        return places
    }

    /// Labels this far above each other do not touch.
    private static let lineHeight = 13.0

    private static func extent(
        of point: (x: Double, y: Double, text: String), _ place: Place, _ width: Double
    ) -> ClosedRange<Double> {
        let length = SVGFigure.width(of: point.text)
        let dot = point.x * width
        return place.anchor == .start ? dot + 8...dot + 8 + length : dot - 8 - length...dot - 8
    }
}
