import Foundation
import Testing

@testable import BenchmarkRecords

/// Rows of several guards on one workload, block by block: `rates[block][guard]`, each block in a state of the cores.
private func rows(
    _ rates: [[Double]], guards: [String], roundTrips: [(before: Double, after: Double)],
    workload: String = "storm/faulters:1/invalidators:1", counters: [Metric: Double] = [:]
) -> [ResultRow] {
    rates.enumerated().flatMap { block, values in
        zip(guards, values).map { name, rate in
            var all = Dictionary(uniqueKeysWithValues: counters.map { ($0.key.rawValue, $0.value) })
            all[Metric.faultsPerSecond.rawValue] = rate
            all[Metric.staleInstalls.rawValue] = 0
            all[Metric.coreRoundTrip.rawValue] = roundTrips[block].before
            all[Metric.coreRoundTripAfter.rawValue] = roundTrips[block].after
            return ResultRow(
                runName: "storm/\(name)/\(workload)", repetitionIndex: block, repetitions: rates.count,
                iterations: Int(rate / 20), realNanoseconds: 1e9 / rate, cpuNanoseconds: 20, counters: all)
        }
    }
}

extension ResultRow {
    /// The same repetition with other values.
    fileprivate func changed(_ change: (inout [String: Double]) -> Void) -> ResultRow {
        var counters = counters
        change(&counters)
        return ResultRow(
            runName: runName, repetitionIndex: repetitionIndex, iterations: iterations,
            realNanoseconds: realNanoseconds, cpuNanoseconds: cpuNanoseconds, counters: counters)
    }
}

@Suite struct RunAnswerTests {
    private let guards = ["striped", "kvm", "interval", "unprotected"]
    private let near = (before: 100.0, after: 110.0)
    private let far = (before: 400.0, after: 420.0)

    private func block(_ scale: Double, _ index: Int) -> [Double] {
        let rates: [Double] = [90e6, 60e6, 30e6, 300e6]
        return rates.enumerated().map { offset, rate in
            let step = (index * 7 + offset * 3) % 5
            return rate * scale * (1 + 0.004 * Double(step))
        }
    }

    /// In every other repetition a neighbour has half of the faulters' cores, and the faults go down with them: the figures
    /// are those of whole cores, and the table says how much of them there was.
    @Test func aNeighboursPartIsNotTheGuards() throws {
        let plain = rows(
            (0..<14).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 14))
        func shared(_ share: (Int) -> Double) -> [ResultRow] {
            plain.enumerated().map { index, row in
                row.changed { counters in
                    counters[Metric.coreAdditions.rawValue] = 12e9 * share(index)
                    counters[Metric.coreAdditionsAfter.rawValue] = 12e9 * share(index)
                    counters[Metric.faultsPerSecond.rawValue]! *= share(index)
                }
            }
        }
        let alone = RunAnswer(rows: shared { _ in 1 })
        let beside = RunAnswer(rows: shared { $0 % 3 == 0 ? 0.5 : 1 })
        #expect(alone.workloads[0].coreShare == 1)
        let share = try #require(beside.workloads[0].coreShare)
        #expect(share > 0.8 && share < 0.85)
        for (one, other) in zip(alone.workloads[0].guards, beside.workloads[0].guards) {
            let (one, other) = (try #require(one.faultsPerSecond), try #require(other.faultsPerSecond))
            #expect(abs(other.value / one.value - 1) < 0.02, "\(one) and \(other)")
        }
        let machine = MachineText(context: [:])
        #expect(AnswerTable(beside, machine: machine).description.contains("ns between cores, cores at 83"))
        #expect(!AnswerTable(alone, machine: machine).description.contains("cores at"))
        #expect(RunAnswer(rows: plain).workloads[0].coreShare == nil)
    }

    @Test func aFigureIsOfOneState() throws {
        // In the far state everything is slower, and `kvm` leads.
        let nears = (0..<13).map { block(1, $0) }
        let fars = (0..<7).map { index in [9e6, 20e6, 6e6, 30e6].map { $0 * (1 + 0.003 * Double(index % 3)) } }
        let answer = RunAnswer(
            rows: rows(
                nears + fars, guards: guards,
                roundTrips: Array(repeating: near, count: 13) + Array(repeating: far, count: 7)))
        try #require(answer.workloads.count == 2)
        let (first, second) = (answer.workloads[0], answer.workloads[1])
        #expect(first.state?.name == "near" && first.blocks == 13)
        #expect(second.state?.name == "far" && second.blocks == 7)
        #expect(first.best.map(\.name) == ["striped"])
        #expect(second.best.map(\.name) == ["kvm"])
        let rate = try #require(first.best.first?.faultsPerSecond)
        #expect((90e6...92e6).contains(rate.value))
        #expect(rate.low < rate.value && rate.value < rate.high)
        #expect(first.guards.first?.name == "unprotected" && first.guards.first?.group == nil)
        // Above the table nothing stands that is in it, and the other state has a line below it.
        #expect(first.verdict.hasPrefix("Best is striped: 9") && first.headline == nil)
        let machine = MachineText(context: [:])
        let lines = AnswerTable(answer, machine: machine).description.split(
            separator: "\n", omittingEmptySubsequences: false)
        let other = try #require(
            lines.firstIndex { $0.hasPrefix("   cores far, 4") && $0.contains(" ns between cores, 7 blocks: kvm; ") })
        #expect(lines[other].hasSuffix(") x interval") && !lines[other - 1].isEmpty)
        #expect(lines.count { $0.hasPrefix("   guard ") } == 1)
        let wide = AnswerTable(answer, machine: machine, style: AnswerTable.Style(isWide: true)).description
        #expect(wide.split(separator: "\n").count { $0.hasPrefix("   guard ") } == 2)
    }

    /// The far state was met often, but two guards were disturbed there in turn, so that nothing can be compared.
    @Test func aStateThatComparesNothingIsNotShown() throws {
        let all = rows(
            (0..<22).map { block(1, $0) }, guards: guards,
            roundTrips: Array(repeating: near, count: 13) + Array(repeating: far, count: 9))
        func answer(disturbed: [String]) -> RunAnswer {
            RunAnswer(
                rows: all.map { row in
                    guard let index = row.repetitionIndex, index >= 13, let name = row.cell?.guardName,
                        disturbed.indices.contains(where: { (index - 13) / 4 == $0 && disturbed[$0] == name })
                    else { return row }
                    return row.changed { $0[Metric.coreRoundTripAfter.rawValue] = 3e6 }
                })
        }
        #expect(answer(disturbed: []).workloads.map(\.blocks) == [13, 9])
        #expect(answer(disturbed: ["kvm"]).workloads.map(\.blocks) == [13, 9])
        #expect(answer(disturbed: ["kvm", "interval"]).workloads.map(\.blocks) == [13])
    }

    @Test func theReferenceIsComparedWithAllButItself() throws {
        let answer = RunAnswer(
            rows: rows((0..<8).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 8)))
        for guardAnswer in try #require(answer.workloads.first).guards {
            if guardAnswer.name == "interval" {
                #expect(guardAnswer.pInsideRun == nil)
            } else {
                #expect(try #require(guardAnswer.pInsideRun) < 1e-6)
            }
        }
    }

    @Test func aBlockInWhichTheStateChangesIsSetAsideWhole() throws {
        let all = (0..<9).map { block(1, $0) }
        var trips = Array(repeating: near, count: 8)
        trips.append((before: 100, after: 400))
        // So that the far state is one.
        let answer = RunAnswer(rows: rows(all, guards: guards, roundTrips: trips))
        let workload = try #require(answer.workloads.first)
        #expect(workload.blocks == 8 && workload.setAside == 1)
        #expect(workload.guards.allSatisfy { $0.repetitions == 8 })
    }

    @Test func aBlockOfTwoStatesIsSetAsideWhole() throws {
        let all = rows((0..<9).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 9))
            .map { row in
                row.changed { counters in
                    guard row.repetitionIndex == 8, row.runName.contains("/striped/") || row.runName.contains("/kvm/")
                    else { return }
                    counters[Metric.coreRoundTrip.rawValue] = far.before
                    counters[Metric.coreRoundTripAfter.rawValue] = far.after
                }
            }
        let workload = try #require(RunAnswer(rows: all).workloads.first)
        #expect(workload.blocks == 8 && workload.setAside == 1)
    }

    @Test func aSingleDisturbedProbeIsNoStateOfTheCores() throws {
        let all = rows((0..<14).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 14))
        // 2 of 112 probes are fewer than one in fifty.
        let disturbed = all.enumerated().map { index, row in
            row.changed { counters in
                guard index == 0 else { return }
                counters[Metric.coreRoundTrip.rawValue] = 3_000
                counters[Metric.coreRoundTripAfter.rawValue] = 3_000
            }
        }
        let state = try #require(RunAnswer(rows: disturbed).workloads.first?.state)
        #expect(state.name == nil)
    }

    @Test func aRepetitionThatWasDisturbedIsLeftOutAlone() throws {
        var all = rows((0..<8).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 8))
        let disturbed = all[1]
        var counters = disturbed.counters
        counters[Metric.coreRoundTripAfter.rawValue] = 3e6
        counters[Metric.faultsPerSecond.rawValue] = 1
        all[1] = ResultRow(
            runName: disturbed.runName, repetitionIndex: 0, realNanoseconds: 1, cpuNanoseconds: 1, counters: counters)
        let workload = try #require(RunAnswer(rows: all).workloads.first)
        #expect(workload.blocks == 8)
        #expect(workload.guards.map(\.repetitions).sorted() == [7, 8, 8, 8])
        let kvm = try #require(workload.guards.first { $0.name == "kvm" })
        #expect(try #require(kvm.faultsPerSecond).value > 59e6)
    }

    @Test func tooFewBlocksHaveNoFigure() throws {
        let answer = RunAnswer(
            rows: rows((0..<5).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 5)))
        let workload = try #require(answer.workloads.first)
        #expect(workload.guards.allSatisfy { $0.faultsPerSecond == nil && $0.group == nil })
        #expect(workload.verdict.hasPrefix("Too few"))
        #expect(AnswerTable(answer, machine: MachineText(context: [:])).description.contains("too few"))
    }

    @Test(arguments: [1.0, 2]) func aStaleGuardHasNoRank(stale: Double) throws {
        let all = rows((0..<8).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 8))
            .map { row in
                row.changed { counters in
                    if row.runName.contains("/striped/") && row.repetitionIndex == 3 {
                        counters["stale_installs"] = stale
                    }
                }
            }
        let workload = try #require(RunAnswer(rows: all).workloads.first)
        #expect(workload.best.map(\.name) == ["kvm"])
        #expect(workload.verdict.contains("striped showed \(Int(stale)) stale translations"))
    }

    @Test func aGuardThatDoesNotKeepUpIsNotTaken() throws {
        let all = rows((0..<8).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 8))
            .map { row in
                row.changed { counters in
                    counters["invalidation_catch_up_ns"] = row.runName.contains("/striped/") ? 60e6 : 0
                }
            }
        let workload = try #require(RunAnswer(rows: all).workloads.first)
        // The window was 50 ms: as long as so many faults take.
        #expect(workload.best.map(\.name) == ["kvm"])
        #expect(workload.verdict.contains("striped is faster at faults, but behind"))
    }

    @Test func aGuardWhoseRateSaysNothingIsTiedWithNobody() throws {
        let wild = (0..<8).map { index in block(1, index).enumerated().map { $0 == 1 && index % 2 == 0 ? 1e5 : $1 } }
        let workload = try #require(
            RunAnswer(rows: rows(wild, guards: guards, roundTrips: Array(repeating: near, count: 8))).workloads.first)
        let kvm = try #require(workload.guards.first { $0.name == "kvm" })
        #expect(kvm.flags.contains(.noisy) && kvm.group == nil)
        #expect(workload.best.map(\.name) == ["striped"])
    }

    /// Two guards that differ by 7 % are told apart where there are no others: p is 0.02. Among four guards that is the
    /// smallest p of six, and chance alone has one as small too often.
    @Test func amongMoreGuardsADifferenceMustBeLarger() throws {
        func best(_ rates: [Double]) throws -> Set<String> {
            let blocks = (0..<8).map { index -> [Double] in
                rates.enumerated().map { offset, rate in
                    let step = (index * 7 + offset * 3) % 5
                    return rate * (1 + 0.001 * Double(step))
                }
            }
            let names = rates.indices.map { "guard\($0)" }
            let answer = RunAnswer(rows: rows(blocks, guards: names, roundTrips: Array(repeating: near, count: 8)))
            let workload = try #require(answer.workloads.first)
            return Set(workload.best.map(\.name))
        }
        #expect(try best([107e6, 100e6]) == ["guard0"])
        #expect(try best([107e6, 100e6, 103e6, 104e6]) == ["guard0", "guard1", "guard2", "guard3"])
    }

    @Test func aPercentileThatSomeRepetitionsLackIsNotShown() throws {
        let all = rows((0..<8).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 8))
            .map { row in
                row.changed { counters in
                    counters["fault_p99_ns"] = 100 + Double(row.repetitionIndex ?? 0)
                    if row.repetitionIndex != 2 { counters["fault_p99_9_ns"] = 300 }
                }
            }
        let kvm = try #require(RunAnswer(rows: all).workloads.first?.guards.first { $0.name == "kvm" })
        #expect(kvm.median(.faultP99) == 103.5)
        #expect(kvm.median(.faultP99_9) == nil)
    }

    /// Rows of a crowd: no round trips, and what is due is done late.
    private func crowd(_ change: @escaping (inout [String: Double]) -> Void = { _ in }) -> [ResultRow] {
        rows(
            (0..<8).map { block(1, $0) }, guards: guards, roundTrips: Array(repeating: near, count: 8),
            workload: "crowded/faulters:8/invalidators:4",
            counters: [
                .oversubscribed: 1, .invalidationsPerSecond: 9_000, .invalidationBacklog: 0, .invalidationCatchUp: 1e9,
                .fairness: 0.3, .faultLongest: 4e6, .invalidationLongestWait: 24e6, .invalidationP99_9: 58_000,
            ]
        ).map { row in
            row.changed { counters in
                counters["core_round_trip_ns"] = nil
                counters["core_round_trip_after_ns"] = nil
                change(&counters)
            }
        }
    }

    private func table(_ rows: [ResultRow]) -> [Substring] {
        AnswerTable(RunAnswer(rows: rows), machine: MachineText(context: [:])).description.split(separator: "\n")
    }

    @Test func aCrowdHasAnAnswerOfWhatTookLongest() throws {
        let workload = try #require(RunAnswer(rows: crowd()).workloads.first)
        #expect(workload.isOversubscribed && workload.state == nil && workload.blocks == 8)
        #expect(workload.best.map(\.name) == ["striped"])
        #expect(workload.guards.allSatisfy { !$0.flags.contains(.behind) && !$0.flags.contains(.unfair) })
        let lines = table(crowd())
        let heading = try #require(lines.first { $0.hasPrefix("   guard") })
        #expect(heading.split(separator: " ").suffix(5) == ["f.worst", "inval/s", "i.p99.9", "i.worst", "stale"])
        let striped = try #require(lines.first { $0.contains(" 1 striped") })
        #expect(striped.split(separator: " ").suffix(5) == ["4.00ms", "9.00k", "58.0us", "24.0ms", "0"])
    }

    @Test func aTailThatNobodyKnowsLeavesItsPlace() throws {
        let heading = try #require(
            table(crowd { $0["invalidation_p99_9_ns"] = nil }).first { $0.hasPrefix("   guard") })
        #expect(heading.contains("95 %") && !heading.contains("p99.9") && heading.contains("i.worst"))
    }

    @Test func whoLeavesWorkUndoneIsBehindInACrowdToo() throws {
        let all = crowd { $0["invalidation_backlog"] = 1e9 }
        let workload = try #require(RunAnswer(rows: all).workloads.first)
        #expect(workload.guards.allSatisfy { $0.flags.contains(.behind) })
    }

    @Test func noLineIsWiderThanATerminal() throws {
        let names = ["interval-2m-lockfree", "a-guard-with-a-name-that-is-far-too-long", "interval", "unprotected"]
        let rates = (0..<8).map { index in
            [99.9e6, index % 2 == 0 ? 1e4 : 9e6, 1e9, 999e6].map { $0 * (1 + 0.01 * Double(index)) }
        }
        let all = rows(
            rates, guards: names, roundTrips: Array(repeating: near, count: 8),
            counters: [.faultP99: 123_000, .invalidationP99: 123_000, .invalidationsPerSecond: 999_000])
        let answer = RunAnswer(rows: all)
        #expect(try #require(answer.workloads.first).guards.contains { $0.flags == [.noisy] })
        let table = AnswerTable(answer, machine: MachineText(context: ["cpu_model": "A processor", "num_cpus": "2"]))
        for line in table.description.split(separator: "\n") + self.table(crowd()) {
            #expect(line.count <= 100, "\(line)")
        }
        for name in ["interval", "unprotected"] { #expect(table.description.contains(" \(name) ")) }
    }

    /// On made-up results of every kind: a guard that stands in front is never told to be slower, and the first group
    /// holds just what is not told apart from the first.
    @Test(arguments: 0..<16) func noRankContradictsAComparison(seed: Int) throws {
        var noise = SeededNoise(seed: UInt64(seed))
        let count = Int.random(in: 2...9, using: &noise)
        let names = (0..<count).map { "guard\($0)" }
        let effects = names.map { _ in Double.random(in: 13...19, using: &noise) }
        let spread = Double.random(in: 0.005...0.6, using: &noise)
        let blocks = Int.random(in: 6...16, using: &noise)
        let rates = (0..<blocks).map { _ in
            let block = noise.normal()
            return effects.map { exp($0 + block + spread * noise.normal()) }
        }
        let answer = RunAnswer(
            rows: rows(rates, guards: names, roundTrips: Array(repeating: near, count: blocks)),
            options: AnswerOptions(reference: "guard0"))
        let workload = try #require(answer.workloads.first)
        let ranked = workload.guards.filter(\.hasRank)
        for (position, front) in ranked.enumerated() {
            for behind in ranked[(position + 1)...] {
                let (frontRate, behindRate) = (front.faultsPerSecond?.value, behind.faultsPerSecond?.value)
                #expect(try #require(frontRate) >= #require(behindRate))
                #expect(try #require(front.ratio?.value) >= #require(behind.ratio?.value))
                #expect(!behind.fasterThan.contains(front.name))
                if front.group == 1, position == 0 {
                    #expect((behind.group == 1) == !front.fasterThan.contains(behind.name))
                }
            }
            let (rate, ratio) = (try #require(front.faultsPerSecond), try #require(front.ratio))
            #expect(rate.low <= rate.value && rate.value <= rate.high)
            #expect(ratio.low <= ratio.value && ratio.value <= ratio.high)
        }
    }
}
