import Testing

@testable import BenchmarkRecords

@Suite struct VerdictTests {
    private func judge(_ rows: [ResultRow]) -> Verdict { Verdict(rows: rows, unprotectedGuards: ["unprotected"]) }

    @Test func namesTheBestAndByHowMuch() throws {
        let verdict = judge(
            repetitions(of: "rwlock", faultsPerSecond: rates(1e6, 9), counters: [.faultP99: 28_000])
                + repetitions(of: "striped", faultsPerSecond: rates(10e6, 9), counters: [.faultP99: 1400])
                + repetitions(of: "unprotected", faultsPerSecond: rates(20e6, 9), counters: [.faultP99: 100]))
        let group = try #require(verdict.groups.first)
        #expect(group.best == "striped")
        #expect(group.tied.isEmpty && group.undecided.isEmpty && group.starved == nil)
        #expect(
            group.sentences == [
                "striped is best: 10.0 M faults/s, 10.0 times rwlock (9.97 to 10.0), 0.50 times unprotected.",
                "Its fault p99 is 1.40 us, 0.050 times rwlock's.",
            ])
        #expect(verdict.headline == "striped is best or tied for best in the one workload compared.")
    }

    @Test func theUnprotectedGuardIsNeverBestNorCompared() throws {
        let verdict = judge(
            repetitions(of: "unprotected", faultsPerSecond: rates(20e6, 9))
                + repetitions(of: "striped", faultsPerSecond: rates(10e6, 9)))
        #expect(verdict.groups.first?.best == "striped")
        #expect(
            verdict.groups.first?.sentences
                == ["striped is the only protected guard here: 10.0 M faults/s, 0.50 times unprotected."])
        #expect(verdict.headline == "Nothing to compare: each workload was run with one protected guard.")
        #expect(
            judge(repetitions(of: "unprotected", faultsPerSecond: [1])).headline == "No protected guard was measured.")
        #expect(judge([]).headline == "No protected guard was measured.")
    }

    @Test func guardsAreComparedWhateverTheirParametersAndNamedWithThem() throws {
        let verdict = judge(
            repetitions(of: "mutex", faultsPerSecond: rates(1e6, 9))
                + repetitions(
                    of: "striped", on: "storm/faulters:1/invalidators:1/stripe:4KiB", faultsPerSecond: rates(2e6, 9))
                + repetitions(
                    of: "striped", on: "storm/faulters:1/invalidators:1/stripe:1GiB", faultsPerSecond: rates(3e6, 9))
                + repetitions(
                    of: "unprotected", on: "storm/faulters:1/invalidators:1/stripe:4KiB",
                    faultsPerSecond: rates(9e6, 9)))
        #expect(verdict.groups.count == 1)
        #expect(verdict.groups[0].best == "striped/stripe:1GiB")
        #expect(verdict.groups[0].comparisons == 2)
    }

    @Test func guardsThatOverlapAreTied() throws {
        let interleaved = rates(10e6, 9).map { $0 + 4000 }
        let verdict = judge(
            repetitions(of: "striped", faultsPerSecond: rates(10e6, 9))
                + repetitions(of: "adaptive", faultsPerSecond: interleaved)
                + repetitions(of: "mutex", faultsPerSecond: rates(1e6, 9)))
        let group = try #require(verdict.groups.first)
        #expect(group.best == "adaptive")
        #expect(group.tied == ["striped"])
        #expect(
            group.sentences == [
                "adaptive leads with 10.0 M faults/s, 1.00 times striped (1.00 to 1.00), but is not told apart from "
                    + "striped."
            ])
        #expect(
            verdict.headline == "adaptive and striped are each best or tied for best in the one workload compared.")
    }

    /// The guard that met the fast state more often has the higher median, and is the slower one in either state.
    @Test func guardsAreComparedWithinAStateOfTheCores() throws {
        func rows(_ name: String, fast: [Double], slow: [Double]) -> [ResultRow] {
            [(fast, 120.0), (slow, 500.0)].flatMap { values, roundTrip in
                repetitions(of: name, faultsPerSecond: values, counters: [.coreRoundTrip: roundTrip])
            }
        }
        let lucky = rows("lucky", fast: rates(9e6, 7), slow: rates(3e6, 3))
        let better = rows("better", fast: rates(10e6, 3), slow: rates(3.5e6, 7))
        let group = try #require(judge(lucky + better).groups.first)
        #expect(group.best == "lucky")
        #expect(group.tied == ["better"])
        #expect(group.sentences[0].contains("0.88 times better (0.85 to 0.90)"), "\(group.sentences)")
        let apart = try #require(judge(lucky + rows("worse", fast: rates(8e6, 3), slow: rates(2e6, 7))).groups.first)
        #expect(apart.tied.isEmpty && apart.undecided.isEmpty)
    }

    /// Three against three reach 0.1 at best, four against four 0.029, and Holm doubles that for two comparisons.
    @Test(arguments: [(3, 1, false), (4, 1, true), (4, 2, false), (5, 2, true), (5, 6, true), (5, 7, false)])
    func saysWhenTheRepetitionsCannotDecide(count: Int, others: Int, canDecide: Bool) throws {
        var rows = repetitions(of: "striped", faultsPerSecond: rates(10e6, count))
        for other in 0..<others {
            rows += repetitions(of: "other\(other)", faultsPerSecond: rates(1e6 / Double(1 + other), count))
        }
        let verdict = judge(rows)
        let group = try #require(verdict.groups.first)
        #expect(group.best == "striped")
        #expect(group.tied.isEmpty)
        #expect(group.undecided.isEmpty == canDecide)
        #expect(group.undecided.count == (canDecide ? 0 : others))
        #expect(verdict.headline.contains("too few") != canDecide)
        #expect(group.sentences[0].contains("\(count) repetitions are too few to tell it from") != canDecide)
    }

    @Test func aGuardThatStarvesTheInvalidatorIsNamed() throws {
        func rows(invalidations: Double) -> [ResultRow] {
            let all = [("asymmetric", 10e6, invalidations), ("mutex", 1e6, 20e3), ("unprotected", 1e6, 1e9)]
            return all.flatMap { name, rate, invalidations in
                repetitions(
                    of: name, faultsPerSecond: rates(rate, 9), counters: [.invalidationsPerSecond: invalidations])
            }
        }
        let starving = judge(rows(invalidations: 9.9e3))
        #expect(starving.groups.first?.starved == "mutex")
        #expect(
            starving.groups.first?.sentences.suffix(2) == [
                "It lets 9.90 k invalidations/s through.",
                "It starves the invalidator: mutex lets 20.0 k through.",
            ])
        #expect(starving.headline.hasSuffix("In 1 of these the fastest guard starves the invalidator."))
        #expect(judge(rows(invalidations: 10.1e3)).groups.first?.starved == nil)
    }

    @Test func aFarLowerLatencyOfAnotherGuardIsNamed() throws {
        let verdict = judge(
            repetitions(of: "striped", faultsPerSecond: rates(10e6, 9), counters: [.faultP99: 3000])
                + repetitions(of: "mutex", faultsPerSecond: rates(1e6, 9), counters: [.faultP99: 1000]))
        #expect(verdict.groups.first?.sentences.last == "The lowest fault p99 is mutex's, 1.00 us.")
    }

    @Test func aStaleTranslationCostsTheRank() throws {
        var broken = repetitions(of: "fast", faultsPerSecond: rates(20e6, 8), counters: [.staleInstalls: 0])
        broken += repetitions(of: "fast", faultsPerSecond: [20e6], counters: [.staleInstalls: 3])
        let verdict = judge(broken + repetitions(of: "mutex", faultsPerSecond: rates(1e6, 9)))
        #expect(verdict.groups.first?.best == "mutex")
        #expect(verdict.groups.first?.sentences.last == "fast is left out: it showed 3 stale translations.")
        #expect(judge(broken).groups.first?.best == nil)
    }

    @Test func theHeadlineCountsWorkloads() {
        var rows: [ResultRow] = []
        for (index, workload) in ["calm", "hot", "storm"].enumerated() {
            let work = workload + "/faulters:1/invalidators:1"
            rows += repetitions(of: "striped", on: work, faultsPerSecond: rates(index == 1 ? 1e6 : 9e6, 9))
            rows += repetitions(of: "mutex", on: work, faultsPerSecond: rates(2e6, 9))
        }
        rows += repetitions(of: "striped", on: "wide/faulters:1/invalidators:1", faultsPerSecond: [1, 2])
        rows += repetitions(of: "mutex", on: "wide/faulters:1/invalidators:1", faultsPerSecond: [3, 4])
        #expect(
            judge(rows).headline
                == "striped is best or tied for best in 2 of 3 workloads; next: mutex with 1. "
                + "In 1 more the repetitions are too few to tell.")
    }

    @Test func fitsATerminal() {
        let names = (0..<14).map { "ck-some-long-name-\($0)" }
        let rows = names.flatMap { repetitions(of: $0, faultsPerSecond: [2, 1, 3].map { $0 * 1e6 }) }
        let text = judge(rows).description
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(text.replacing("\n  ", with: " ").contains("too few to tell it from any other guard"))
        #expect(GroupVerdict.list(names) == names[..<5].joined(separator: ", ") + " and 9 others")
        #expect(GroupVerdict.list(["a"]) == "a")
        #expect(GroupVerdict.list(["a", "b", "c"]) == "a, b and c")
    }

    @Test func aggregatesAndForeignRowsDoNotCount() {
        let aggregate = ResultRow(
            runName: "storm/kvm/storm/faulters:1/invalidators:1", runType: .aggregate("median"), realNanoseconds: 1,
            cpuNanoseconds: 1, counters: ["faults_per_second": 1e9])
        let foreign = ResultRow(runName: "BM_x", realNanoseconds: 1, cpuNanoseconds: 1)
        #expect(judge([aggregate, foreign]).groups.isEmpty)
    }
}
