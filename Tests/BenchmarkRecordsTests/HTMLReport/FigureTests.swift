import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct FigureTests {
    private let workloads = ReportFixture.standard().answer.workloads
    private let machine = ReportFixture.standard().machine

    private func part(_ element: Markup, _ key: String) throws -> Double {
        let text = try #require(element.attributes[key])
        #expect(text.hasSuffix("%"))
        return try #require(Double(text.dropLast()))
    }

    @Test func barsAreAsLongAsTheirRates() throws {
        let answer = workloads[0]
        let figure = try Markup.parse(try #require(RateFigure(answer, identifier: "f").svg).markup)
        let bars = figure.all("rect")
        #expect(bars.count == answer.guards.count)
        let longest = try #require(answer.guards[0].faultsPerSecond).value
        for (bar, guardAnswer) in zip(bars, answer.guards) {
            let rate = try #require(guardAnswer.faultsPerSecond).value
            let share = try part(bar, "width") / part(bars[0], "width")
            #expect(abs(share - rate / longest) < 0.001)
            #expect(bar.text.hasPrefix(guardAnswer.name + ": "))
        }
        // The control is pale, and its rate is a line through all others.
        #expect(bars[0].attributes["class"] == "bar pale")
        let limit = try #require(figure.ofClass("limit").first)
        #expect(figure.ofClass("limit").count == 1)
        #expect(try abs(part(limit, "x1") - part(bars[0], "x") - part(bars[0], "width")) < 0.02)
        #expect(bars.map { $0.attributes["class"] }.contains("bar best"))
    }

    @Test func intervalsReachFromEndToEnd() throws {
        let answer = workloads[0]
        let scale = try #require(
            PlotScale(answer.guards.compactMap(\.faultsPerSecond).flatMap { [$0.value, $0.low, $0.high] }))
        let figure = try Markup.parse(try #require(RateFigure(answer, identifier: "f").svg).markup)
        let lines = figure.ofClass("interval")
        #expect(lines.count == 3 * answer.guards.count)
        for (index, guardAnswer) in answer.guards.enumerated() {
            let rate = try #require(guardAnswer.faultsPerSecond)
            #expect(abs(try part(lines[3 * index], "x1") - 100 * scale.place(rate.low)) < 0.01)
            #expect(abs(try part(lines[3 * index], "x2") - 100 * scale.place(rate.high)) < 0.01)
        }
    }

    @Test func ratesThatSpanMuchAreDotsOnALogarithmicAxis() throws {
        let figure = try Markup.parse(try #require(RateFigure(workloads[1], identifier: "f").svg).markup)
        #expect(figure.all("rect").isEmpty)
        #expect(figure.all("circle").count == 2)
        #expect(figure.all("text").contains { $0.text.hasSuffix("log scale") })
    }

    @Test func percentilesStandInOrderOnALogarithmicAxis() throws {
        let answer = workloads[0]
        let figure = try Markup.parse(
            try #require(LatencyFigure(answer, machine: machine, identifier: "f").svg).markup)
        for role in ["fault", "invalidation"] {
            let dots = figure.all("circle").filter { $0.attributes["class", default: ""].hasSuffix(" " + role) }
            #expect(dots.count == 6 * answer.guards.count)
            for index in answer.guards.indices {
                let places = try dots[6 * index..<6 * index + 6].map { try part($0, "cx") }
                #expect(places == places.sorted())
                // 3 to 12 is as far as 1 to 4: equal factors, equal distances.
                let step = (places[3] - places[2]) / (places[5] - places[4])
                #expect(abs(step - log(4) / log(50)) < 0.002)
            }
        }
        #expect(figure.all("circle").contains { $0.text == "mutex, fault p99: 3.00us" })
        #expect(LatencyFigure(answer, machine: machine, identifier: "f").absent == nil)
    }

    @Test func rolesStandAgainstEachOther() throws {
        let answer = workloads[0]
        let figure = try Markup.parse(try #require(RolesFigure(answer, identifier: "f").svg).markup)
        let dots = figure.all("circle")
        #expect(dots.count == 4)
        let places = try dots.map { try part($0, "cx") }
        // The fixture's faster guards let more invalidations through.
        #expect(places == places.sorted(by: >))
        let heights = try dots.map { try #require(Double($0.attributes["cy", default: ""])) }
        #expect(heights == heights.sorted())
        #expect(RolesFigure(workloads[1], identifier: "f").svg == nil)
        #expect(
            RolesFigure(workloads[1], identifier: "f").absent
                == "Not shown, without a rate of both: striped and interval.")
    }

    @Test func longNamesAndFiguresHaveLinesOfTheirOwn() throws {
        let name = "interval-2m-lockfree-with-a-long-name"
        let rows = repetitions(of: name, faultsPerSecond: rates(3e6, 8))
        let answer = RunAnswer(rows: rows).workloads[0]
        let figure = try Markup.parse(try #require(RateFigure(answer, identifier: "f").svg).markup)
        let label = try #require(figure.ofClass("name").first)
        let value = try #require(figure.ofClass("value").first)
        #expect(label.attributes["y"] != value.attributes["y"])
    }

    @Test(arguments: 1...40) func labelsDoNotTouch(seed: UInt64) {
        var random = SeededNoise(seed: seed)
        let points = (0..<14).map { index in
            (x: 0.05 + 0.9 * random.uniform(), y: 40 + 240 * random.uniform(), text: "guard-\(index * 1000)")
        }
        let places = ScatterLabels.places(of: points, from: 24, to: 324)
        for width in [SVGFigure.narrowest, 720] {
            let boxes = zip(points, places).map { point, place -> ClosedRange<Double> in
                let length = SVGFigure.width(of: point.text)
                let dot = point.x * width
                return place.anchor == .start ? dot + 8...dot + 8 + length : dot - 8 - length...dot - 8
            }
            for first in points.indices {
                #expect(boxes[first].lowerBound >= 0 && boxes[first].upperBound <= width)
                for second in points.indices where second > first {
                    let isApart = abs(places[first].y - places[second].y) >= 13
                    #expect(isApart || !boxes[first].overlaps(boxes[second]))
                }
            }
        }
    }
}

@Suite struct PlotScaleTests {
    @Test(arguments: [[3.0, 80], [1e-3, 5e-3], [900, 1100], [1, 1], [17e6, 469e6]])
    func smallSpansBeginAtZero(values: [Double]) throws {
        let scale = try #require(PlotScale(values))
        #expect(!scale.isLogarithmic)
        #expect(scale.ticks.first == 0)
        #expect((3...8).contains(scale.ticks.count))
        #expect(try #require(scale.ticks.last) >= values.max()!)
        #expect(
            abs(scale.place(values[0]) - scale.origin - (scale.place(2 * values[0]) - scale.place(values[0]))) < 1e-9
                || 2 * values[0] > scale.ticks.last!)
    }

    @Test(arguments: [[1.0, 31], [18.3e3, 281e6], [5, 5e9], [0.004, 12]])
    func largeSpansGoByFactors(values: [Double]) throws {
        let scale = try #require(PlotScale(values))
        #expect(scale.isLogarithmic)
        #expect((2...7).contains(scale.ticks.count))
        let places = ([values[0]] + scale.ticks + [values[1]]).map(scale.place)
        #expect(places.allSatisfy { (0.02...0.98).contains($0) })
        #expect(scale.place(values[0]) < scale.place(values[1]))
        #expect(scale.ticks == scale.ticks.sorted())
    }

    @Test func nothingAboveZeroHasNoScale() {
        #expect(PlotScale([]) == nil)
        #expect(PlotScale([0, -1, .nan, .infinity]) == nil)
    }

    @Test func oneValueHasAScaleOfFactorsToo() throws {
        let scale = try #require(PlotScale([100], isAlwaysLogarithmic: true))
        #expect(scale.isLogarithmic && scale.ticks.count >= 2)
    }
}
