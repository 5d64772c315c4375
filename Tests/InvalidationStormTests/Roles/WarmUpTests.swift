import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct WarmUpTests {
    /// The pieces after which the rate was steady, of pieces of a microsecond with so many faults each.
    private func steady(_ faults: [UInt64]) -> [Int] {
        var warmUp = WarmUp(at: 500)
        var sum: UInt64 = 0
        return faults.indices.filter { piece in
            sum += faults[piece]
            warmUp.endPiece(at: 500 + 1_000 * UInt64(piece + 1), faults: sum)
            return warmUp.isSteady
        }
    }

    @Test("A rate is steady when two pieces in a row differ by less than five per cent")
    func twoInARow() {
        #expect(steady([1_000, 1_049]) == [1])
        #expect(steady([1_000, 1_053, 1_100, 950]) == [2])
        #expect(steady([1_000, 1_100, 1_200, 1_300]).isEmpty)
        #expect(steady([1_000, 500, 1_000, 500]).isEmpty)
        #expect(steady([0, 0, 0]).isEmpty, "nothing is no rate")
    }

    @Test("A piece that is longer has more faults at the same rate")
    func lengths() {
        var warmUp = WarmUp(at: 0)
        warmUp.endPiece(at: 1_000, faults: 500)
        warmUp.endPiece(at: 4_000, faults: 2_000)
        #expect(warmUp.isSteady && warmUp.faultsPerNanosecond == 0.5)
        warmUp.endPiece(at: 4_000, faults: 2_000)
        #expect(warmUp.isSteady, "a piece without length says nothing")
    }

    @Test("A piece in which faulters had no core does not hide how fast they are")
    func highest() {
        var warmUp = WarmUp(at: 0)
        warmUp.endPiece(at: 1_000, faults: 900)
        warmUp.endPiece(at: 2_000, faults: 901)
        #expect(warmUp.faultsPerNanosecond == 0.001 && warmUp.highestFaultsPerNanosecond == 0.9)
    }

    @Test("A warm-up that is too short for two pieces is not steady, and that of an open loop is not looked at")
    func repetitions() throws {
        var settings = StormSettings(scenario: .calm, faulters: 1, invalidators: 0)
        settings.windowNanoseconds = 2_000_000
        settings.warmUpNanoseconds = 1_000_000
        let short = try #require(Storm.run(settings, cancellation: Cancellation()) { _ in UnprotectedGuard() })
        #expect(short.isWarmUpSteady == false)
        settings.faultArrivals = ArrivalProcess(perSecond: 10_000)
        let open = try #require(Storm.run(settings, cancellation: Cancellation()) { _ in UnprotectedGuard() })
        #expect(open.isWarmUpSteady == nil)
    }

    @Test("A warm-up whose rate is steady ends before its bound", .timeLimit(.minutes(1)))
    func endsEarly() throws {
        // A bound beyond the test's own: some two pieces in a row are alike on the busiest machine.
        var settings = StormSettings(scenario: .calm, faulters: 1, invalidators: 0)
        settings.windowNanoseconds = 2_000_000
        settings.warmUpNanoseconds = 600_000_000_000
        let measurement = try #require(Storm.run(settings, cancellation: Cancellation()) { _ in UnprotectedGuard() })
        #expect(measurement.isWarmUpSteady == true)
    }
}
