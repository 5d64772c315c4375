/// The guards of a workload by their faults a second, each with its 95 % interval, in the order and the groups of the table.
///
/// A bar is as long as the rate. If the rates span so much that the axis goes by factors, where a length means nothing, a
/// dot stands in its place. What the unsafe guard reached is a pale line through all others: the limit.
struct RateFigure {
    private let answer: WorkloadAnswer
    private let identifier: String

    /// For `answer`; `identifier` is what the figure is called inside the page.
    init(_ answer: WorkloadAnswer, identifier: String) {
        self.answer = answer
        self.identifier = identifier
    }

    /// The figure; `nil` if no guard has a rate.
    var svg: SVGFigure? {
        let rates = answer.guards.compactMap(\.faultsPerSecond)
        guard let scale = PlotScale(rates.flatMap { [$0.value, $0.low, $0.high] }) else { return nil }
        var figure = SVGFigure(
            title: "Faults per second: \(answer.title)", description: description, identifier: identifier)
        figure.words(
            "faults/s of all faulters, 95 % intervals" + (scale.isLogarithmic ? ", log scale" : ""), at: 0, 12,
            class: "axis")
        let top = figure.height + 6
        let drawn = figure.count
        var rows = figure
        rows.space(6)
        var previous: Int?
        for (index, guardAnswer) in answer.guards.enumerated() {
            if index > 0, guardAnswer.group != previous { rows.space(6) }
            previous = guardAnswer.group
            Self.add(guardAnswer, to: &rows, scale)
        }
        let bottom = rows.height + 4
        // The grid lies below the bars, so it is drawn first.
        figure.axis(scale, from: top, to: bottom) { ScaledNumber.rate($0) }
        for guardAnswer in answer.guards where !guardAnswer.isProtected {
            guard let rate = guardAnswer.faultsPerSecond else { continue }
            figure.line(from: scale.place(rate.value), top, to: scale.place(rate.value), bottom, class: "limit")
        }
        figure.overlay(rows, from: drawn)
        return figure
    }

    private static func add(_ answer: GuardAnswer, to figure: inout SVGFigure, _ scale: PlotScale) {
        let top = figure.height
        let value =
            answer.faultsPerSecond.map { rate in
                "\(ScaledNumber.rate(rate.value)) (\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high)))"
            } ?? "too few repetitions"
        let name = [answer.group.map(String.init), answer.name].compactMap(\.self).joined(separator: "  ")
        let marks = answer.flags.filter { $0 != .tooFew }.map(\.rawValue)
        let label = ([name] + marks).joined(separator: " ")
        let isBroken = answer.flags.contains(.stale)
        let kind = !answer.isProtected ? "pale" : isBroken ? "bad" : answer.group == 1 ? "best" : "other"
        figure.words(label, at: 0, top + 13, class: answer.group == 1 ? "name first" : "name")
        // Where both do not fit beside each other, the figures stand on a line of their own.
        let isLong = SVGFigure.width(of: label + "   " + value) > SVGFigure.narrowest
        let line = top + 13 + (isLong ? SVGFigure.lineHeight - 2 : 0)
        figure.words(value, at: 1, line, anchor: .end, class: "value")
        guard let rate = answer.faultsPerSecond else { return figure.space(4) }
        let middle = line + 12
        let hint = "\(answer.name): \(value) faults/s"
        let end = scale.place(rate.value)
        if scale.isLogarithmic {
            figure.line(from: scale.origin, middle, to: end, middle, class: "stem")
        } else {
            figure.bar(from: scale.origin, to: end, y: middle - 5, height: 10, class: "bar \(kind)", hint: hint)
        }
        figure.line(from: scale.place(rate.low), middle, to: scale.place(rate.high), middle, class: "interval")
        for side in [rate.low, rate.high] {
            figure.line(from: scale.place(side), middle - 4, to: scale.place(side), middle + 4, class: "interval")
        }
        if scale.isLogarithmic { figure.dot(at: end, middle, radius: 4.5, class: "dot \(kind)", hint: hint) }
        figure.space(5)
    }

    private var description: String {
        let parts = answer.guards.map { guardAnswer in
            let group = guardAnswer.group.map { "group \($0), " } ?? (guardAnswer.isProtected ? "" : "unsafe, ")
            let rate = guardAnswer.faultsPerSecond.map {
                "\(ScaledNumber.rate($0.value)) faults/s, 95 % interval \(ScaledNumber.rate($0.low)) to "
                    + ScaledNumber.rate($0.high)
            }
            return "\(guardAnswer.name): \(group)\(rate ?? "too few repetitions")"
        }
        return parts.joined(separator: "; ") + "."
    }
}
