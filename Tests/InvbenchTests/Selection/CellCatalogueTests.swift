import BenchmarkRecords
import InvalidationStorm
import NotifierDispatch
import Testing

@testable import InvbenchCommand

@Suite struct CellCatalogueTests {
    private let catalogue: CellCatalogue

    init() throws {
        catalogue = try CellCatalogue(builtInTraces: ["/bundle/redis.strace.gz"], userTraces: ["/mine/app.strace"])
    }

    private func cells(
        guards: [String] = ["mutex"], scenarios: [String], cores: Int = 2, faulters: [Int]? = [1],
        invalidators: [Int]? = nil, adjustments: Cell.Adjustments = .init()
    ) throws -> [String] {
        CellCatalogue.cells(
            guards: try catalogue.guards(named: guards), scenarios: try catalogue.scenarios(named: scenarios),
            cores: cores, faulters: faulters, invalidators: invalidators, adjustments: adjustments
        ).map(\.name)
    }

    @Test func namesOfPlainCells() throws {
        #expect(
            try cells(scenarios: ["calm", "storm"], faulters: [1, 2]) == [
                "storm/mutex/calm/faulters:1/invalidators:0", "storm/mutex/calm/faulters:2/invalidators:0",
                "storm/mutex/storm/faulters:1/invalidators:1", "storm/mutex/storm/faulters:2/invalidators:1",
            ])
    }

    @Test func whatIsNotDefaultIsInTheName() throws {
        let adjustments = Cell.Adjustments(
            walkNanoseconds: 1000, changeNanoseconds: 500, speed: 2, pairing: .callAll)
        let tail = "faulters:1/invalidators:1"
        #expect(
            try cells(scenarios: ["storm", "pressure", "trace:app"], adjustments: adjustments) == [
                "storm/mutex/storm/\(tail)/walk:1000ns/change:500ns/pairing:call-all",
                "storm/mutex/pressure/\(tail)/change:500ns/pairing:call-all",
                "storm/mutex/trace:app/\(tail)/walk:1000ns/change:500ns/speed:2/pairing:call-all",
            ])
    }

    @Test func ratesAreInTheNamesOfTheCellsTheyApplyTo() throws {
        let both = Cell.Adjustments(faultRate: 100_000, invalidationRate: 0.5, spacing: .fixed)
        let tail = "faulters:1/invalidators"
        #expect(
            try cells(scenarios: ["calm", "storm", "trace:app"], adjustments: both) == [
                "storm/mutex/calm/\(tail):0/fault-rate:100000/arrivals:fixed",
                "storm/mutex/storm/\(tail):1/fault-rate:100000/invalidation-rate:0.5/arrivals:fixed",
                "storm/mutex/trace:app/\(tail):1/fault-rate:100000/arrivals:fixed",
            ])
        let one = Cell.Adjustments(invalidationRate: 5_000, spacing: .fixed)
        #expect(
            try cells(scenarios: ["calm", "steady"], adjustments: one) == [
                "storm/mutex/calm/\(tail):0", "storm/mutex/steady/\(tail):1/invalidation-rate:5000/arrivals:fixed",
            ])
        #expect(
            try cells(scenarios: ["exit"], adjustments: .init(faultRate: 7)) == [
                "storm/mutex/exit/\(tail):1/fault-rate:7"
            ])
    }

    @Test func aRepetitionRunsAtTheRatesOfItsName() throws {
        func settings(_ name: String, _ spacing: ArrivalProcess.Spacing) throws -> StormSettings {
            let offer = try #require(catalogue.scenarios(named: [name]).first)
            let adjustments = Cell.Adjustments(faultRate: 10, invalidationRate: 4_000, spacing: spacing)
            let cell = try #require(
                Cell(entry: Self.adjustable, scenario: offer, faulters: 1, invalidators: 2, adjustments: adjustments))
            return cell.settings(of: .storm, windowNanoseconds: 1, warmUpNanoseconds: 1, seed: 1)
        }
        #expect(try settings("storm", .fixed).faultArrivals == ArrivalProcess(perSecond: 10, spacing: .fixed))
        guard case .paced(4_000) = try settings("storm", .fixed).scenario.arrivals else {
            Issue.record("not paced at its rate")
            return
        }
        guard case .poisson(2_000) = try settings("burst", .poisson).scenario.arrivals else {
            Issue.record("not at random, half of its rate from each of two")
            return
        }
        guard case .backToBack = try settings("trace:app", .fixed).scenario.arrivals else {
            Issue.record("a trace's own arrivals were replaced")
            return
        }
    }

    @Test func aFractionalSpeedIsWrittenAsIs() throws {
        let name = try cells(scenarios: ["trace:redis"], adjustments: .init(speed: 0.5)).first
        #expect(name == "storm/mutex/trace:redis/faulters:1/invalidators:1/speed:0.5")
    }

    @Test func everyCellNameCanBeReadBack() throws {
        let all = CellCatalogue.cells(
            guards: catalogue.guards, scenarios: catalogue.scenarios, cores: 2, faulters: [1, 2], invalidators: nil,
            adjustments: .init(walkNanoseconds: 5, speed: 1.5))
        #expect(all.allSatisfy { CellName($0.name)?.description == $0.name })
        #expect(Set(all.map(\.name)).count == all.count)
    }

    /// A guard that takes the parameters which the others do not.
    private static let adjustable = GuardEntry(
        name: "adjustable", summary: "takes all parameters", parameters: GuardParameter.allCases
    ) { space, parameters in StripeMutexGuard(pages: space.pages, stripeSize: parameters.stripeSize) }

    private func name(_ words: String...) throws -> String {
        let chosen = try ParameterFlags.parse(words).chosen
        let cells = CellCatalogue.cells(
            guards: [Self.adjustable], scenarios: try catalogue.scenarios(named: ["storm"]), cores: 2, faulters: [1],
            invalidators: nil, adjustments: .init(guardParameters: chosen))
        #expect(cells.count == 1)
        return try #require(cells.first).name
    }

    @Test func whatIsChosenAboutAGuardIsInItsNamesOnly() throws {
        var chosen = GuardParameters()
        chosen.stripeSize = try #require(StripeSize(pages: 16))
        chosen.wideBound = 7
        #expect(
            try cells(
                guards: ["mutex", "stripe-mutex"], scenarios: ["storm"],
                adjustments: .init(walkNanoseconds: 9, guardParameters: chosen)) == [
                    "storm/mutex/storm/faulters:1/invalidators:1/walk:9ns",
                    "storm/stripe-mutex/storm/faulters:1/invalidators:1/walk:9ns/stripe:64KiB",
                ])
    }

    @Test func twoValuesOfAParameterNeverShareAName() throws {
        let flags: [[String]] = [
            [], ["--stripe=4KiB"], ["--stripe=64KiB"], ["--stripe=1MiB"], ["--stripe=4MiB"], ["--stripe=1GiB"],
            ["--stripe=1024GiB"], ["--wide-bound=0"], ["--wide-bound=7"], ["--bias-budget=1%"], ["--bias-budget=7%"],
            ["--bias-budget=0.07%"], ["--bias-budget=0.7%"],
            ["--stripe=4KiB", "--wide-bound=7", "--bias-budget=1e-9%"],
        ]
        let names = try flags.map { words in
            let chosen = try ParameterFlags.parse(words).chosen
            let cell = Cell(
                entry: Self.adjustable, scenario: catalogue.scenarios[0], faulters: 1, invalidators: 0,
                adjustments: .init(guardParameters: chosen))
            return try #require(cell).name
        }
        #expect(Set(names).count == flags.count)
        #expect(names.allSatisfy { CellName($0)?.description == $0 })
        #expect(names.last?.hasSuffix("/stripe:4KiB/wide-bound:7/bias-budget:1e-09%") == true)
    }

    @Test func oneValueHasOneName() throws {
        let plain = "storm/adjustable/storm/faulters:1/invalidators:1"
        #expect(try name("--stripe=2MiB") == plain)
        #expect(try name("--stripe=2048KiB") == plain)
        #expect(try name("--stripe=1024KiB") == plain + "/stripe:1MiB")
        #expect(try name("--bias-budget=25.0%") == plain)
        #expect(try name("--bias-budget=5.0%") == plain + "/bias-budget:5%")
        #expect(try name("--wide-bound=32") == plain)
        #expect(try name("--wide-bound=007") == plain + "/wide-bound:7")
    }

    @Test func theRecordsKnowWhichParametersAreAGuards() {
        #expect(CellName.Parameter.guardKeys == Set(GuardParameter.allCases.map(\.rawValue)))
    }

    @Test func aRepetitionIsMadeWithWhatWasChosen() throws {
        var chosen = GuardParameters()
        chosen.wideBound = 3
        let cell = try #require(
            Cell(
                entry: Self.adjustable, scenario: catalogue.scenarios[0], faulters: 1, invalidators: 0,
                adjustments: .init(guardParameters: chosen)))
        let settings = cell.settings(of: .calm, windowNanoseconds: 1, warmUpNanoseconds: 1, seed: 1)
        #expect(settings.guardParameters == chosen)
    }

    @Test func calmHasNoInvalidatorsAndTheOthersHaveSome() throws {
        #expect(
            try cells(scenarios: ["calm"], invalidators: [3]) == ["storm/mutex/calm/faulters:1/invalidators:0"])
        #expect(
            try cells(scenarios: ["storm"], invalidators: [0, 4]) == ["storm/mutex/storm/faulters:1/invalidators:4"])
    }

    @Test func aCrowdHasItsOwnThreadsUnlessOthersAreAskedFor() throws {
        func crowd(_ cores: Int, faulters: [Int]? = nil, invalidators: [Int]? = nil) throws -> [String] {
            try cells(scenarios: ["crowded"], cores: cores, faulters: faulters, invalidators: invalidators)
        }
        let name = "storm/mutex/crowded/faulters"
        #expect(try crowd(2) == ["\(name):8/invalidators:4"])
        #expect(try crowd(6) == ["\(name):24/invalidators:12"])
        #expect(try crowd(2, faulters: [3, 5]) == ["\(name):3/invalidators:4", "\(name):5/invalidators:4"])
        #expect(try crowd(2, invalidators: [1, 0]) == ["\(name):8/invalidators:1"])
        #expect(try cells(scenarios: ["storm"], cores: 4, faulters: nil).count == 3)
    }

    @Test func aCountGivenTwiceMakesOneCell() throws {
        #expect(try cells(scenarios: ["storm"], faulters: [2, 2]).count == 1)
    }

    @Test(arguments: [(1, [1, 2]), (2, [1, 2]), (4, [1, 2, 4]), (6, [1, 2, 4, 6]), (64, [1, 2, 4, 8, 16, 32, 64])])
    func faulterLadder(cores: Int, ladder: [Int]) {
        #expect(CellCatalogue.faulterLadder(cores: cores) == ladder)
    }

    @Test func summariesSayWhatHappens() throws {
        func summary(_ name: String) throws -> String? { try catalogue.scenarios(named: [name]).first?.summary }
        #expect(try summary("calm") == "no invalidations")
        #expect(try summary("storm") == "invalidations back to back, 16 pages, anywhere")
        #expect(
            try summary("pressure")
                == "100000 invalidations a second at random, 16 pages, anywhere, walk 1000 ns, change 1000 ns")
        #expect(
            try summary("sweep")
                == "1000 invalidations a second at fixed intervals, 512 pages, step by step through the space")
        #expect(
            try summary("burst") == "1000 invalidations back to back, 100 times a second, 16 pages, anywhere")
        #expect(try summary("install-cost") == "invalidations back to back, 16 pages, anywhere, install 400 ns")
        #expect(
            try summary("mapping-lock")
                == "invalidations back to back, 16 pages, anywhere, each section and each walk under one lock of the "
                + "driver's own, walk 1000 ns, change 2000 ns")
        #expect(
            try summary("long-sections")
                == "invalidations back to back, 16 pages, anywhere, every 20 ms a change that sleeps 4 ms")
        #expect(
            try summary("crowded")
                == "10000 invalidations a second at fixed intervals, 16 pages, anywhere, 4 faulters and 2 invalidators "
                + "for each core")
        #expect(
            try summary("prefetch")
                == "10000 invalidations a second at random, 16 pages, anywhere, 512 pages a fault, step by step")
        #expect(try summary("wide") == "200 invalidations a second at random, 32768 pages, anywhere")
        #expect(try summary("exit") == "the whole space is torn down and set up again, 20 times a second")
        #expect(
            try summary("fanout")
                == "invalidations back to back, 16 pages, anywhere, 16 more subscribers in the list, 64 more to intervals"
        )
        #expect(
            try summary("churn")
                == "10000 invalidations a second at random, 16 pages, anywhere, while a thread registers and unregisters"
        )
    }

    @Test func aSlipOfThePenIsRecognised() throws {
        let error = #expect(throws: UsageError.self) { try catalogue.guards(named: ["mutx"]) }
        #expect(error?.description == "--guard: there is no guard 'mutx'; did you mean 'mutex'?")
        let other = #expect(throws: UsageError.self) { try catalogue.scenarios(named: ["whatever"]) }
        #expect(other?.description.contains("invbench list") == true)
    }

    @Test(arguments: ["mutex", "", "a/b", "a,b", "a\nb"])
    func aGuardThatCouldNotBeToldApartIsRefused(name: String) {
        let mine = GuardEntry(name: name, summary: "one lock") { _ in MutexGuard() }
        let error = #expect(throws: UsageError.self) {
            try CellCatalogue(guards: GuardCatalogue.builtIn + [mine], builtInTraces: [])
        }
        #expect(error?.description.contains("another") == true)
    }

    @Test func twoTracesOfOneNameAreRefused() {
        #expect(throws: UsageError.self) {
            try CellCatalogue(builtInTraces: [], userTraces: ["/a/app.strace", "/b/app.strace.gz"])
        }
        let error = #expect(throws: UsageError.self) {
            try CellCatalogue(builtInTraces: ["/bundle/redis.strace.gz"], userTraces: ["redis.strace"])
        }
        #expect(error?.description.contains("under another name") == true)
    }

    @Test func aTraceWhoseNameCannotStandInAResultIsRefused() {
        #expect(throws: UsageError.self) { try CellCatalogue(builtInTraces: [], userTraces: ["/a/b\nc.strace"]) }
    }

    @Test func aMissingBundleOnlyLacksTheTraces() {
        #expect(BuiltInTraces.paths(beside: "/nowhere/invbench").isEmpty)
    }
}
