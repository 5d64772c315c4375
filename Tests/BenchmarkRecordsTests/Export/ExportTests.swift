import Foundation
import Testing

@testable import BenchmarkRecords

/// Both formats, held against what their consumers take.
@Suite struct ExportTests {
    private let fixture = ReportFixture.standard()

    /// JSON as strictly as a service reads it; a boolean is no number.
    private func number(_ value: Any?) -> Double? {
        guard let number = value as? NSNumber, String(cString: number.objCType) != "c" else { return nil }
        return number.doubleValue.isFinite ? number.doubleValue : nil
    }

    /// Foundation's reader is off by the last bit of a number now and then.
    private func isSame(_ value: Double?, _ expected: Double?) -> Bool {
        guard let value, let expected else { return false }
        return abs(value - expected) <= 1e-14 * expected
    }

    @Test func bencherTakesIt() throws {
        let text = try BencherExport.json(fixture.answer)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: [String: Any]]])
        #expect(document.count == 6)
        for (name, measures) in document {
            #expect(CellName(name) != nil && (1...1024).contains(name.utf8.count))
            #expect(Set(measures.keys) == ["latency", "throughput"])
            for metric in measures.values {
                #expect(Set(metric.keys).isSubset(of: ["value", "lower_value", "upper_value"]))
                #expect(metric.values.allSatisfy { number($0) != nil })
                #expect(metric["value"] != nil)
            }
        }
        for workload in fixture.answer.workloads {
            for guardAnswer in workload.guards {
                let cell = try #require(guardAnswer.cell).description
                let measures = try #require(document[cell])
                let rate = try #require(guardAnswer.faultsPerSecond)
                let throughput = try #require(measures["throughput"])
                #expect(isSame(number(throughput["value"]), rate.value))
                #expect(isSame(number(throughput["lower_value"]), rate.low))
                #expect(isSame(number(throughput["upper_value"]), rate.high))
                #expect(isSame(number(measures["latency"]?["value"]), guardAnswer.median(.faultP99)))
                #expect(measures["latency"]?.count == 1)
            }
        }
    }

    private func entries(_ text: String) throws -> [[String: Any]] {
        let entries = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        for entry in entries {
            #expect(Set(entry.keys).isSubset(of: ["name", "value", "unit", "range", "extra"]))
            #expect(number(entry["value"]) != nil)
            for key in ["name", "unit"] { #expect((entry[key] as? String)?.isEmpty == false) }
            for key in ["range", "extra"] where entry[key] != nil { #expect(entry[key] is String) }
        }
        let names = entries.compactMap { $0["name"] as? String }
        #expect(Set(names).count == entries.count)
        return entries
    }

    @Test func gitHubTakesLatencies() throws {
        let entries = try entries(try GitHubBenchmarkExport.smallerIsBetter(fixture.answer))
        // Four percentiles on storm; on calm two, since the others are absent.
        #expect(entries.count == 4 * 4 + 2 * 2)
        #expect(entries.allSatisfy { $0["unit"] as? String == "ns" && $0["range"] == nil })
        let entry = try #require(
            entries.first { $0["name"] as? String == "storm/mutex/storm/faulters:1/invalidators:1 fault p99" })
        #expect(number(entry["value"]) == 3000)
        #expect(entry["extra"] as? String == "8 repetitions\n120 ns between cores")
    }

    @Test func gitHubTakesRates() throws {
        let entries = try entries(try GitHubBenchmarkExport.biggerIsBetter(fixture.answer))
        #expect(entries.count == 4 * 2 + 2)
        #expect(entries.allSatisfy { $0["unit"] as? String == "1/s" })
        let rate = try #require(fixture.answer.workloads[0].guards.first { $0.name == "mutex" }?.faultsPerSecond)
        let entry = try #require(
            entries.first { $0["name"] as? String == "storm/mutex/storm/faulters:1/invalidators:1 faults" })
        #expect(isSame(number(entry["value"]), rate.value))
        #expect(entry["range"] as? String == "\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high))")
    }

    @Test func statesAreSeriesOfTheirOwn() throws {
        let near = repetitions(of: "kvm", faultsPerSecond: rates(9e6, 8), counters: [.coreRoundTrip: 100])
        let far = repetitions(of: "kvm", faultsPerSecond: rates(3e6, 8), counters: [.coreRoundTrip: 500])
            .map { $0.renumbered(by: 8) }
        let text = try BencherExport.json(RunAnswer(rows: near + far))
        let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            Set(document.keys) == [
                "storm/kvm/storm/faulters:1/invalidators:1/cores:near",
                "storm/kvm/storm/faulters:1/invalidators:1/cores:far",
            ])
    }

    @Test func whatSaysNothingIsLeftOut() throws {
        let few = repetitions(of: "kvm", faultsPerSecond: rates(9e6, 2))
        #expect(throws: ExportError.self) { try BencherExport.json(RunAnswer(rows: few)) }
        #expect(throws: ExportError.self) { try GitHubBenchmarkExport.smallerIsBetter(RunAnswer(rows: few)) }
        #expect(throws: ExportError.self) { try GitHubBenchmarkExport.biggerIsBetter(RunAnswer(rows: few)) }
        let broken = repetitions(of: "mutex", faultsPerSecond: rates(9e6, 8), counters: [.staleInstalls: 1])
        #expect(throws: ExportError.self) { try BencherExport.json(RunAnswer(rows: broken)) }
    }

    @Test func longNamesAreRefused() {
        func rows(_ count: Int) -> [ResultRow] {
            repetitions(of: String(repeating: "x", count: count), faultsPerSecond: rates(9e6, 8))
        }
        let rest = "storm//storm/faulters:1/invalidators:1".count
        #expect(throws: Never.self) { try BencherExport.json(RunAnswer(rows: rows(1024 - rest))) }
        #expect(throws: ExportError.self) { try BencherExport.json(RunAnswer(rows: rows(1025 - rest))) }
    }
}
