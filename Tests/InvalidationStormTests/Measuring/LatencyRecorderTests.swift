import Testing

@testable import InvalidationStorm

@Suite struct LatencyRecorderTests {
    func recorder(_ values: some Sequence<UInt64>) -> LatencyRecorder {
        var recorder = LatencyRecorder()
        values.forEach { recorder.record($0) }
        return recorder
    }

    @Test("A percentile is given exactly where ten samples lie beyond it")
    func percentilesNeedSamples() {
        #expect(recorder(1...19).summary(mean: nil).p50 == nil)
        #expect(recorder(1...20).summary(mean: nil).p50 == 10)
        let hundred = recorder(1...100).summary(mean: nil)
        #expect(hundred.p90 == 90)
        #expect(hundred.p99 == nil)
        let thousand = recorder(1...1000).summary(mean: nil)
        #expect(thousand.p99 == 990)
        #expect(thousand.p99_9 == nil)
        let many = recorder((1...100_000).lazy.map { _ in 7 }).summary(mean: nil)
        #expect(many.p99_9 == 7)
        #expect(many.p99_99 == 7)
        #expect(recorder((1...99_999).lazy.map { _ in 7 }).summary(mean: nil).p99_99 == nil)
    }

    @Test("Values keep three significant digits, the maximum keeps all")
    func precision() {
        let summary = recorder((1...100).map { 1_234_567 + $0 }).summary(mean: 5)
        #expect(abs((summary.p50 ?? 0) - 1_234_617) < 1_235)
        #expect(summary.maximum == 1_234_667)
        #expect(summary.mean == 5)
        #expect(summary.samples == 100)
    }

    @Test("Merging two recorders is recording everything in one")
    func merging() {
        var merged = recorder(1...500)
        merged.merge(recorder(501...1000))
        let summary = merged.summary(mean: nil)
        let whole = recorder(1...1000).summary(mean: nil)
        #expect(summary.p50 == whole.p50)
        #expect(summary.p99 == whole.p99)
        #expect(summary.samples == 1000)
        #expect(summary.maximum == 1000)
    }

    @Test("A latency beyond the histogram is counted, and its length kept as the maximum")
    func beyondTheLongest() {
        let summary = recorder((0..<20).map { _ in LatencyRecorder.longest * 3 }).summary(mean: nil)
        #expect(summary.samples == 20)
        #expect(summary.maximum == Double(LatencyRecorder.longest * 3))
    }

    @Test("Nothing recorded, nothing given")
    func empty() {
        let summary = LatencyRecorder().summary(mean: nil)
        #expect(summary.p50 == nil)
        #expect(summary.maximum == nil)
        #expect(summary.samples == 0)
    }
}
