import Testing

@testable import InvalidationStorm

@Suite struct RandomSequenceTests {
    @Test("One seed and stream give one sequence; another stream gives another")
    func isDeterministic() {
        func first(_ seed: UInt64, _ stream: Int) -> [UInt64] {
            var random = RandomSequence(seed: seed, stream: stream)
            return (0..<100).map { _ in random.next() }
        }
        #expect(first(7, 3) == first(7, 3))
        #expect(first(7, 3) != first(7, 4))
        #expect(first(7, 3) != first(8, 3))
    }

    @Test("Numbers below a bound stay below it and reach all of it")
    func boundedNumbers() {
        var random = RandomSequence(seed: 1, stream: 0)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { counts[random.below(10)] += 1 }
        // Expected 10,000 each; the standard deviation is 95.
        #expect(counts.allSatisfy { (9_500...10_500).contains($0) })
    }

    @Test("Exponential gaps are positive and have the mean asked for")
    func exponentialGaps() {
        var random = RandomSequence(seed: 1, stream: 0)
        let gaps = (0..<100_000).map { _ in random.exponential(mean: 50) }
        #expect(gaps.allSatisfy { $0 >= 0 })
        // The standard deviation of the mean is 50 / sqrt(100,000) = 0.16; the median of an exponential is ln 2 of it.
        #expect((49...51).contains(gaps.reduce(0, +) / 100_000))
        #expect((34...35.3).contains(gaps.sorted()[50_000]))
    }
}

@Suite struct PageChoiceTests {
    @Test("Uniform faults cover the whole space alike")
    func uniform() {
        var choice = PageChoice(scenario: .storm, seed: 1, stream: 0)
        let pages = (0..<100_000).map { _ in choice.next() }
        #expect(pages.allSatisfy { (0..<65_536).contains($0) })
        // A hundredth of the pages takes a hundredth of the faults: expected 1,000, standard deviation 31.
        #expect((800...1_200).contains(pages.count { $0 < 655 }))
    }

    @Test("Step by step, each faulter goes through all of the space from a place of its own")
    func inSteps() {
        let starts = (0..<8).map { stream in
            var choice = PageChoice(scenario: .prefetch, pagesPerFault: 512, seed: 1, stream: stream)
            #expect(!choice.isUniform)
            let pages = (0..<128).map { _ in choice.next() }
            #expect(Set(pages) == Set(stride(from: 0, to: 65_536, by: 512)))
            #expect(zip(pages, pages.dropFirst()).allSatisfy { $1 == ($0 + 512) % 65_536 })
            #expect(choice.next() == pages[0])
            return pages[0]
        }
        #expect(Set(starts).count > 4)
        // A space that is no multiple of the step, and one that is smaller.
        for pages in [1_300, 100] {
            let trace = Scenario(name: "small", arrivals: .none, faultsInSteps: true, pages: pages)
            var choice = PageChoice(scenario: trace, pagesPerFault: 512, seed: 1, stream: 0)
            #expect((0..<100).allSatisfy { _ in (0..<pages).contains(choice.next()) })
        }
    }

    @Test("In the hot scenario one page in a hundred takes nine faults in ten")
    func hot() {
        var choice = PageChoice(scenario: .hot, seed: 1, stream: 0)
        let pages = (0..<100_000).map { _ in choice.next() }
        #expect(pages.allSatisfy { (0..<65_536).contains($0) })
        // 90 % by choice and a hundredth of the other 10 %.
        #expect((89_500...90_700).contains(pages.count { $0 < 655 }))
    }

    @Test("Recorded faults come in their order, each faulter's from a place of its own, and go round")
    func recorded() {
        let recording: [UInt32] = [7, 7, 3, 900, 1, 4, 2, 5]
        recording.withUnsafeBufferPointer { recorded in
            let starts = (0..<16).map { stream in
                var choice = PageChoice(
                    scenario: .storm, pagesPerFault: 512, recorded: recorded, seed: 1, stream: stream)
                #expect(!choice.isUniform)
                let pages = (0..<24).map { _ in UInt32(choice.next()) }
                let start = recording.indices.first { index in
                    pages == (0..<24).map { recording[(index + $0) % recording.count] }
                }
                #expect(start != nil, "\(pages)")
                return start
            }
            #expect(Set(starts).count > 3)
        }
        [UInt32]().withUnsafeBufferPointer { empty in
            #expect(PageChoice(scenario: .storm, recorded: empty, seed: 1, stream: 0).isUniform)
        }
    }
}
