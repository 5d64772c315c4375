import BenchmarkRecords
import InvalidationStorm
import NotifierDispatch
import Testing

@testable import InvbenchCommand

@Suite struct RunPlanTests {
    private func plan(_ words: String..., cores: Int = 2) throws -> RunPlan { try plan(words: words, cores: cores) }

    private func plan(words: [String], cores: Int = 2) throws -> RunPlan {
        let traces = ["redis", "java", "gcc"].map { "/bundle/\($0).strace.gz" }
        let options = try RunOptions.parse(CommandLineWords.normalised(words))
        return try RunPlan(
            options, catalogue: CellCatalogue(builtInTraces: traces, userTraces: options.choice.traces), cores: cores)
    }

    private func work(_ plan: RunPlan, of guardName: String = "mutex") -> Set<String> {
        let prefix = "storm/\(guardName)/"
        return Set(plan.cells.map(\.name).filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    }

    private static func quick(cores: Int = 2) -> Set<String> {
        [
            "calm/faulters:2/invalidators:0", "steady/faulters:1/invalidators:1", "storm/faulters:1/invalidators:1",
            "pressure/faulters:1/invalidators:1", "trace:redis/faulters:1/invalidators:1",
            "crowded/faulters:\(4 * cores)/invalidators:\(2 * cores)",
        ]
    }

    @Test func anotherExtentIsInTheNameWhereItDiffers() throws {
        let plan = try plan(
            "--scenario", "storm,calm,exit,trace:redis", "--faulters", "1", "--pages", "131072", "--range-pages", "16",
            "--subscriptions", "64")
        #expect(
            work(plan) == [
                "storm/faulters:1/invalidators:1/pages:131072/subscriptions:64",
                "calm/faulters:1/invalidators:0/pages:131072/subscriptions:64",
                "exit/faulters:1/invalidators:1/pages:131072/subscriptions:64",
                "trace:redis/faulters:1/invalidators:1",
            ])
        let wider = try self.plan("--scenario", "storm,calm", "--faulters", "1", "--range-pages", "512")
        #expect(
            work(wider) == ["storm/faulters:1/invalidators:1/range-pages:512", "calm/faulters:1/invalidators:0"])
    }

    @Test(
        arguments: [
            ["--scenario", "wide", "--pages", "16384"], ["--scenario", "storm", "--subscriptions", "65537"],
            ["--scenario", "storm", "--range-pages", "131072"], ["--scenario", "trace:redis", "--pages", "1024"],
        ])
    func anExtentThatDoesNotFitIsRefused(words: [String]) {
        let error = #expect(throws: UsageError.self) { try plan(words: words) }
        #expect(error?.description.hasPrefix("--pages, --range-pages, --subscriptions: ") == true)
    }

    @Test func quickIsTheSameOnEveryMachineButForTheCrowd() throws {
        for cores in [1, 2, 16] {
            let plan = try plan(cores: cores)
            #expect(work(plan) == Self.quick(cores: cores))
            #expect(Set(plan.cells.map(\.entry.name)).isSubset(of: Profile.quickGuards))
            #expect(plan.repetitions == 16 && plan.mostRepetitions == 32)
            #expect(plan.expectedSeconds < 60)
            #expect(plan.budgetSeconds ?? 60 < 60)
            #expect(plan.notes.count == 1 && plan.notes[0].contains("--profile standard"))
        }
    }

    @Test func everyGuardAndScenarioOfQuickExists() throws {
        let catalogue = try CellCatalogue(builtInTraces: ["/bundle/redis.strace.gz"])
        #expect(Profile.quickGuards.subtracting(catalogue.guards.map(\.name)) == [])
        #expect(Set(Profile.quickScenarios).subtracting(catalogue.scenarios.map(\.name)) == [])
    }

    @Test func whatTheUserCountsIsMeasuredAsOftenAsHeSays() throws {
        let counted = try plan("--benchmark_repetitions=3")
        #expect(counted.repetitions == 3 && counted.mostRepetitions == 3 && counted.budgetSeconds == nil)
        // Cells that are chosen have no budget: their number says how long it takes.
        let chosen = try plan("--guard", "mutex")
        #expect(chosen.repetitions == 16 && chosen.mostRepetitions == 32 && chosen.budgetSeconds == nil)
    }

    @Test func fewCellsAreMeasuredAsOftenAsAQuarterOfAMinuteHolds() throws {
        func plan(guards: Int, _ more: String...) throws -> RunPlan {
            let names = GuardCatalogue.builtIn.prefix(guards).map(\.name).joined(separator: ",")
            return try self.plan(words: ["--guard", names, "--scenario", "calm", "--faulters", "1"] + more)
        }
        let two = try plan(guards: 2)
        #expect(two.cells.count == 2 && two.repetitions == 64 && two.mostRepetitions == 128)
        let eight = try plan(guards: 8)
        #expect(eight.repetitions == 23 && eight.expectedSeconds <= 15)
        #expect(try plan(guards: 2, "--window", "1s").repetitions == 16)
        #expect(try plan(guards: 2, "--profile", "standard").repetitions == 12)
        #expect(try plan(guards: 2, "--benchmark_repetitions", "3").repetitions == 3)
    }

    @Test func quickHasTheGuardsThatOnesOwnPackageBrings() throws {
        let mine = GuardEntry(name: "mine", summary: "one lock") { _ in MutexGuard() }
        let catalogue = try CellCatalogue(
            guards: GuardCatalogue.builtIn + [mine], builtInTraces: ["/b/redis.strace.gz"])
        let plan = try RunPlan(RunOptions.parse([]), catalogue: catalogue, cores: 2)
        #expect(plan.cells.contains { $0.name == "storm/mine/storm/faulters:1/invalidators:1" })
        #expect(!plan.cells.contains { $0.entry.name == "invlock" })
        #expect(plan.expectedSeconds < 60)
    }

    @Test func aTraceOfTheUsersIsMeasuredAlone() throws {
        let plan = try plan("--trace", "/mine/app.strace")
        #expect(Set(plan.cells.map(\.scenario.name)) == ["trace:app"])
        #expect(work(plan) == ["trace:app/faulters:1/invalidators:1"])
        #expect(Set(plan.cells.map(\.entry.name)) == Profile.quickGuards.intersection(Self.toBeHad))
        // Few cells: as often as a quarter of a minute holds, and without a budget.
        #expect(plan.repetitions > 16 && plan.budgetSeconds == nil && plan.expectedSeconds <= 15)
        #expect(plan.notes.contains { $0.hasPrefix("the trace alone") && $0.contains("--profile quick") })
        let listed = try self.plan("--trace", "/mine/app.strace", "--benchmark_list_tests")
        #expect(listed.cells.map(\.name) == plan.cells.map(\.name))
        let two = try self.plan("--trace", "/mine/a.events.gz", "--trace", "/mine/b.strace", "--faulters", "1,2")
        #expect(
            work(two) == [
                "trace:a/faulters:1/invalidators:1", "trace:a/faulters:2/invalidators:1",
                "trace:b/faulters:1/invalidators:1", "trace:b/faulters:2/invalidators:1",
            ])
        #expect(
            try self.plan("--trace", "/mine/app.strace", "--guard", "mutex", "--faulters", "1").cells.map(\.name) == [
                "storm/mutex/trace:app/faulters:1/invalidators:1"
            ])
    }

    @Test func aTraceOfTheUsersJoinsWhatIsNamedBesideIt() throws {
        let own = "trace:app/faulters:1/invalidators:1"
        #expect(work(try plan("--trace", "/mine/app.strace", "--profile", "quick")) == Self.quick().union([own]))
        #expect(work(try plan("--trace", "/mine/app.strace", "--profile", "standard")).contains(own))
        #expect(
            work(try plan("--trace", "/mine/app.strace", "--scenario", "storm,trace:gcc", "--faulters", "1")) == [
                "storm/faulters:1/invalidators:1", "trace:gcc/faulters:1/invalidators:1", own,
            ])
        #expect(
            work(try plan("--trace", "/mine/app.strace", "--scenario", "trace:app", "--faulters", "1")) == [own])
        #expect(
            work(try plan("--trace", "/mine/app.strace", "--benchmark_filter=/(storm|trace:app)/faulters:1/")) == [
                "storm/faulters:1/invalidators:1", own,
            ])
        #expect(throws: UsageError.self) { try plan("--trace", "/mine/app.strace", "--scenario", "trace:ap") }
    }

    @Test func standardHasAllScenariosTwoFaultersAndLongWalks() throws {
        let plan = try plan("--profile", "standard")
        let others = [
            "hot", "sweep", "burst", "wide", "exit", "nonblocking", "fanout", "churn", "install-cost",
            "long-sections", "fault-around", "prefetch", "trace:java", "trace:gcc",
        ]
        #expect(Set(plan.cells.map(\.entry.name)) == Self.toBeHad)
        #expect(
            work(plan).subtracting(Self.quick())
                == Set(
                    others.map { "\($0)/faulters:1/invalidators:1" } + [
                        "calm/faulters:1/invalidators:0", "steady/faulters:2/invalidators:1",
                        "install-cost/faulters:2/invalidators:1",
                        "storm/faulters:1/invalidators:1/walk:1000ns",
                        "hot/faulters:1/invalidators:1/walk:1000ns",
                    ]))
        #expect(plan.repetitions == 12 && plan.windowNanoseconds == 40_000_000)
        #expect(plan.expectedSeconds < 600)
    }

    @Test func standardClimbsTheLadderOnLargerMachines() throws {
        #expect(work(try plan("--profile", "standard", cores: 8)).contains("storm/faulters:8/invalidators:1"))
    }

    @Test func fullIsEverythingRegistered() throws {
        let plan = try plan("--profile=full")
        #expect(work(plan).count == 39)
        #expect(work(plan, of: "striped").count == 41)
        #expect(plan.repetitions == 12 && plan.windowNanoseconds == 1_000_000_000)
    }

    @Test func aFilterChoosesAmongAllRegistered() throws {
        let plan = try plan("--benchmark_filter=^storm/mutex/storm/")
        #expect(work(plan) == ["storm/faulters:1/invalidators:1", "storm/faulters:2/invalidators:1"])
        #expect(plan.cells.count == 2)
    }

    @Test func anExplicitSelectionReplacesTheProfile() throws {
        let plan = try plan("--guard", "mutex", "--scenario", "storm", "--faulters", "8", "--invalidators", "4")
        #expect(plan.cells.map(\.name) == ["storm/mutex/storm/faulters:8/invalidators:4"])
    }

    @Test func theWalkOfACommandLineHoldsInAProfile() throws {
        #expect(work(try plan("--walk-ns", "1000")).contains("storm/faulters:1/invalidators:1/walk:1000ns"))
        #expect(work(try plan("--walk-ns", "1000")).contains("pressure/faulters:1/invalidators:1"))
    }

    @Test func nothingChosenIsAnError() {
        #expect(throws: UsageError.self) { try plan("--benchmark_filter=nothing_has_this_name") }
        #expect(throws: UsageError.self) { try plan("--scenario", "storm", "--invalidators", "0") }
    }

    /// The guards that this process can have.
    private static let toBeHad = Set(GuardCatalogue.builtIn.filter { $0.refusal() == nil }.map(\.name))

    @Test func aGuardThatIsNotToBeHadIsLeftOutAndRefusedByItsName() throws {
        let scarce = GuardEntry(
            name: "scarce", summary: "there is none", parameters: [], refusal: { "the shop is shut" }
        ) {
            _, _ in MutexGuard()
        }
        let catalogue = try CellCatalogue(guards: GuardCatalogue.builtIn + [scarce], builtInTraces: [])
        func plan(_ words: String...) throws -> RunPlan {
            try RunPlan(RunOptions.parse(words), catalogue: catalogue, cores: 2)
        }
        let all = try plan("--scenario", "calm")
        #expect(!all.cells.contains { $0.entry.name == "scarce" })
        #expect(all.notes.contains("left out: scarce: the shop is shut"))
        #expect {
            try plan("--guard", "mutex,scarce")
        } throws: {
            "\($0)".hasPrefix("--guard scarce: the shop is shut")
        }
    }

    @Test func guardsThatNeedAnUndoAreLeftOutUnderCallAll() throws {
        let plan = try plan("--scenario", "storm", "--pairing", "call-all")
        let needing = GuardCatalogue.builtIn.filter(\.needsTargetedUndo).map(\.name)
        #expect(!needing.isEmpty)
        #expect(plan.cells.allSatisfy { !needing.contains($0.entry.name) })
        #expect(plan.notes.contains { note in needing.allSatisfy { note.contains($0) } })
        #expect(throws: UsageError.self) { try self.plan("--guard", "mutex", "--pairing", "call-all") }
    }

    @Test func guardsThatHoldALockAreLeftOutOfMappingLock() throws {
        let holders = GuardCatalogue.builtIn.filter { !$0.walksUnlocked }.map(\.name)
        let all = try plan("--scenario", "mapping-lock")
        #expect(
            Set(all.cells.map(\.entry.name)) == Self.toBeHad.subtracting(holders))
        #expect(all.notes.contains { note in holders.allSatisfy { note.contains($0) } })
        #expect(try plan("--scenario", "mapping-lock", "--guard", "striped,unprotected").notes.isEmpty)
        let standard = work(try plan("--profile", "standard"), of: "striped")
        #expect(standard.contains("mapping-lock/faulters:1/invalidators:1"))
        #expect(try !plan("--guard", "mutex").cells.contains { $0.scenario.name == "mapping-lock" })
        for words in [["--guard=mutex", "--scenario=mapping-lock"], ["--benchmark_filter=/mutex/mapping-lock"]] {
            let error = #expect(throws: UsageError.self) {
                try RunPlan(
                    RunOptions.parse(CommandLineWords.normalised(words)), catalogue: CellCatalogue(), cores: 2)
            }
            #expect(error?.description.contains("mutex") == true)
            #expect(error?.description.contains("not in mapping-lock, where walks and sections") == true)
        }
    }

    @Test func aGuardOfOnesOwnRunsThereWhenItSaysSo() throws {
        let mine = [
            GuardEntry(name: "silent", summary: "says nothing") { _ in MutexGuard() },
            GuardEntry(name: "mine", summary: "says so") { _ in UnlockedGuard() },
        ]
        let catalogue = try CellCatalogue(guards: mine, builtInTraces: [])
        let plan = try RunPlan(RunOptions.parse(["--scenario", "mapping-lock"]), catalogue: catalogue, cores: 1)
        #expect(Set(plan.cells.map(\.entry.name)) == ["mine"])
    }

    @Test func aParameterThatNoChosenGuardTakesIsAnError() throws {
        #expect(try !plan("--guard", "mutex,stripe-mutex", "--stripe", "64KiB").cells.isEmpty)
        let error = #expect(throws: UsageError.self) { try plan("--guard", "mutex", "--stripe", "64KiB") }
        #expect(error?.description.hasPrefix("--stripe: none of the chosen guards takes it; choose one") == true)
        #expect(error?.description.contains("stripe-mutex") == true)
        #expect(throws: UsageError.self) { try plan("--benchmark_filter=/mutex/", "--stripe", "64KiB") }
    }

    @Test func aRateThatNoChosenScenarioTakesIsAnError() throws {
        #expect(try !plan("--scenario", "calm,storm", "--invalidation-rate", "5k").cells.isEmpty)
        for words in ["calm", "calm,trace:redis"] {
            let error = #expect(throws: UsageError.self) {
                try plan("--scenario", words, "--invalidation-rate", "5k")
            }
            #expect(error?.description.hasPrefix("--invalidation-rate: none of the chosen scenarios takes it") == true)
        }
        #expect(try !plan("--scenario", "calm", "--fault-rate", "5k").cells.isEmpty)
    }

    @Test func everyRoundHasEveryBlockOnceAndABlockHoldsOneWorkload() throws {
        let workloads = [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
        let order = Schedule.order(workloads: workloads, repetitions: 5, isInterleaved: true, seed: 7)
        for repetition in 0..<5 {
            let round = order[repetition * 9..<(repetition + 1) * 9]
            #expect(round.allSatisfy { $0.repetition == repetition })
            let blocks = stride(from: round.startIndex, to: round.endIndex, by: 3).map {
                round[$0..<$0 + 3].map(\.cell)
            }
            let found = Set(blocks.map { Set($0) })
            #expect(found == Set(workloads.map { Set($0) }))
        }
        let orders: Set<[Int]> = Set((0..<5).map { round in order[round * 9..<round * 9 + 9].map(\.cell) })
        #expect(orders.count > 1)
    }

    @Test func aSeedDecidesTheOrder() {
        func order(_ seed: UInt64) -> [PlannedRepetition] {
            Schedule.order(workloads: [Array(0..<30)], repetitions: 2, isInterleaved: true, seed: seed)
        }
        #expect(order(3) == order(3))
        #expect(order(3) != order(4))
    }

    @Test func withoutInterleavingCellFollowsCell() {
        let order = Schedule.order(workloads: [[1], [0]], repetitions: 2, isInterleaved: false, seed: 1)
        #expect(order.map(\.cell) == [0, 0, 1, 1])
        #expect(order.map(\.repetition) == [0, 1, 0, 1])
    }

    @Test func guardsMeetTheSameWorkInOneRoundAndOtherWorkInTheNext() {
        let seeds = (0..<9).map { Schedule.workSeed(seed: 1, repetition: $0) }
        #expect(Set(seeds).count == 9)
    }
}

/// A guard that says that it holds no lock over walks; it never runs.
private final class UnlockedGuard: TranslationGuard, SectionObserver, WalksUnlocked {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { [] }

    func fault<Translation>(at page: Int, walk: () -> Translation?, install: (Translation) -> Void) -> FaultOutcome {
        FaultOutcome(.dead)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func markDead() {}
    func resetAfterFork() {}
}
