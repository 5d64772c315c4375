import Testing

@testable import BenchmarkRecords

@Suite struct RoundTripStatesTests {
    @Test func twoStatesStayApart() {
        let states = RoundTripStates(roundTrips: [120, 118, 500, 130, 520, 125, 480])
        #expect(states.centres.count == 2)
        #expect(states.state(of: 110) == 0 && states.state(of: 490) == 1)
        #expect(states.state(of: nil) == nil && states.state(of: 20) == nil && states.state(of: 0) == nil)
    }

    /// Neighbours that differ by less than the factor, from one state to the other.
    @Test func someInBetweenDoNotJoinThem() {
        let trips = Array(repeating: 120.0, count: 10) + [170, 240, 340] + Array(repeating: 480.0, count: 10)
        let states = RoundTripStates(roundTrips: trips)
        #expect(states.state(of: 120) != states.state(of: 480))
        #expect(states.state(of: 170) == states.state(of: 120))
        #expect(states.state(of: 340) == states.state(of: 480))
        #expect(states.centres.count == 3)
    }

    @Test func oneStateIsOne() {
        #expect(RoundTripStates(roundTrips: (100...150).map(Double.init)).centres.count == 1)
        #expect(RoundTripStates(roundTrips: []).centres.isEmpty)
        #expect(RoundTripStates(roundTrips: [0, -1]).centres.isEmpty)
    }

    @Test func likeIsComparedWithLike() {
        func sample(_ values: [(Double, Double?)]) -> [Repetition] {
            values.map { Repetition(value: $0.0, roundTrip: $0.1) }
        }
        let samples = SamplesByState(
            sample([(1, 120), (2, 500), (3, 120), (9, nil)]), sample([(4, 125), (5, 128), (6, 2000), (7, 2100)]))
        #expect(samples.strata == [Stratum(first: [1, 3], second: [4, 5])])
        #expect(samples.firstSetAside == 2 && samples.secondSetAside == 2)
        let unmeasured = SamplesByState(sample([(1, nil)]), sample([(2, nil)]))
        #expect(unmeasured.strata == [Stratum(first: [1], second: [2])])
    }
}
