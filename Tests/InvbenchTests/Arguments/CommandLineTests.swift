import InvalidationStorm
import Testing

@testable import InvbenchCommand

@Suite struct CommandLineTests {
    private func parse(_ words: String...) throws -> RunOptions {
        try RunOptions.parse(CommandLineWords.normalised(words))
    }

    @Test func defaults() throws {
        let options = try parse()
        #expect(options.profile == .quick)
        #expect(options.work.pairing == .targetedUndo)
        #expect(options.measuring.results == "results")
        #expect(!options.measuring.noSave && !options.choosesCells)
        #expect(options.measuring.retryNoisy == 0)
        #expect(options.benchmark.interleaves && !options.benchmark.listTests)
        #expect(options.benchmark.format == .console && options.benchmark.outFormat == .json)
    }

    @Test func aValueIsJoinedOrApart() throws {
        #expect(try parse("--benchmark_filter=mutex").benchmark.filter == "mutex")
        #expect(try parse("--benchmark_filter", "mutex").benchmark.filter == "mutex")
        #expect(try parse("--benchmark_filter", "-mutex").benchmark.filter == "-mutex")
        #expect(try parse("--benchmark_filter=-mutex").benchmark.filter == "-mutex")
        #expect(try parse("--benchmark_repetitions", "7").benchmark.repetitions == 7)
    }

    @Test func aBooleanMayStandAlone() throws {
        #expect(try parse("--benchmark_list_tests").benchmark.listTests)
        #expect(try parse("--benchmark_list_tests=true", "--no-save").benchmark.listTests)
        #expect(try parse("--benchmark_list_tests", "--no-save").measuring.noSave)
        #expect(try !parse("--benchmark_list_tests=false").benchmark.listTests)
        #expect(try !parse("--benchmark_enable_random_interleaving=0").benchmark.interleaves)
        #expect(try parse("--benchmark_report_aggregates_only").benchmark.reportsAggregatesOnly)
    }

    @Test(arguments: [["--benchmark_filter="], ["--benchmark_filter", ""]])
    func anEmptyFilterFindsAll(words: [String]) throws {
        let options = try RunOptions.parse(CommandLineWords.normalised(words + ["--no-save"]))
        #expect(options.measuring.noSave && options.choosesCells)
        #expect(try NameFilter(try #require(options.benchmark.filter)).chooses("storm/mutex/calm"))
    }

    @Test func coloursAreOnOffOrLeftToTheTerminal() throws {
        #expect(try parse().benchmark.colours == .auto)
        #expect(try parse("--benchmark_color=auto").benchmark.colours == .auto)
        #expect(try parse("--benchmark_color=yes").benchmark.colours == .always)
        #expect(try parse("--benchmark_color", "false").benchmark.colours == .never)
        #expect(try parse().answer.style(on: -1, colours: .always).hasColours)
        #expect(try !parse().answer.style(on: -1).hasColours)
    }

    @Test func aDisplayOfAggregatesAloneMayStandAlone() throws {
        #expect(try parse("--benchmark_display_aggregates_only").benchmark.displaysAggregatesOnly)
        #expect(try !parse("--benchmark_display_aggregates_only=false").benchmark.displaysAggregatesOnly)
    }

    @Test(arguments: [
        "--benchmark_min_warmup_time", "--benchmark_time_unit", "--benchmark_counters_tabular",
        "--benchmark_perf_counters", "--v",
    ])
    func flagsWithoutMeaningAreRefusedByName(flag: String) {
        for words in [["--no-save", flag], [flag + "=1", "--no-save"], [flag, "us"]] {
            let error = #expect(throws: UsageError.self) { try BenchmarkFlags.refuseMeaningless(in: words) }
            #expect(error?.description.hasPrefix(flag + ": ") == true)
            #expect(throws: UsageError.self) { try RunFlags(words) }
        }
        #expect(throws: Never.self) { try BenchmarkFlags.refuseMeaningless(in: ["ab", "--", flag]) }
    }

    @Test func listsOfNamesAndCounts() throws {
        let options = try parse(
            "--guard", "mutex,rwlock", "--guard", "invlock", "--faulters=1,8", "--invalidators", "0")
        #expect(options.guardNames == ["mutex", "rwlock", "invlock"])
        #expect(options.choice.threads.faulters == [[1, 8]])
        #expect(options.choice.threads.invalidators == [[0]])
        #expect(options.choosesCells)
    }

    @Test(arguments: [("250ms", 250_000_000), ("0.5s", 500_000_000), ("500us", 500_000), ("1000000ns", 1_000_000)])
    func windows(text: String, nanoseconds: UInt64) throws {
        #expect(try parse("--window", text).measuring.window == nanoseconds)
    }

    @Test func minimumTimeIsTheWindow() throws {
        #expect(try parse("--benchmark_min_time=0.25").benchmark.minimumTime == 250_000_000)
        #expect(try parse("--benchmark_min_time=0.25s").benchmark.minimumTime == 250_000_000)
    }

    @Test func adjustments() throws {
        let options = try parse("--walk-ns", "7", "--change-ns=8", "--speed", "1.5", "--pairing", "call-all")
        #expect(
            options.adjustments
                == Cell.Adjustments(walkNanoseconds: 7, changeNanoseconds: 8, speed: 1.5, pairing: .callAll))
        #expect(!options.choosesCells)
        #expect(try parse("--fault-pages", "512").adjustments == Cell.Adjustments(pagesPerFault: 512))
        for wrong in ["0", "3", "131072", "-1", "many"] {
            #expect(throws: (any Error).self) { try parse("--fault-pages", wrong) }
        }
        let extent = try parse("--pages", "1048576", "--range-pages=64", "--subscriptions", "1000").adjustments.extent
        #expect(extent == Scenario.Extent(pages: 1 << 20, pagesPerInvalidation: 64, intervalBystanders: 1000))
        for wrong in [["--pages", "0"], ["--pages", "33554432"], ["--range-pages", "3"], ["--subscriptions", "-1"]] {
            #expect(throws: (any Error).self) { try RunOptions.parse(wrong) }
        }
    }

    @Test func retries() throws {
        #expect(try parse("--retry-noisy", "10").measuring.retryNoisy == 10)
        #expect(try parse("--retry-noisy=0").measuring.retryNoisy == 0)
    }

    @Test func parametersOfGuards() throws {
        let parameters = try parse("--stripe", "64KiB", "--wide-bound=7", "--bias-budget", "2.5%").parameters
        #expect(parameters.given == GuardParameter.allCases)
        #expect(parameters.chosen.stripeSize.pages == 16)
        #expect(parameters.chosen.wideBound == 7)
        #expect(parameters.chosen.biasBudgetPercent == 2.5)
        #expect(try parse().parameters.given.isEmpty)
        #expect(try parse().parameters.chosen == GuardParameters())
    }

    @Test func ratesAndTheirSpacing() throws {
        let adjustments = try parse("--fault-rate", "1.5M", "--invalidation-rate=100k", "--arrivals", "fixed")
            .adjustments
        #expect(
            adjustments == Cell.Adjustments(faultRate: 1_500_000, invalidationRate: 100_000, spacing: .fixed))
        #expect(try parse("--fault-rate", "0.5").adjustments == Cell.Adjustments(faultRate: 0.5))
        #expect(try parse("--invalidation-rate", "1G").adjustments == Cell.Adjustments(invalidationRate: 1e9))
    }

    @Test func contextLines() throws {
        let lines = try parse("--benchmark_context=a=1,b=x=y", "--benchmark_context", "c=").benchmark.context
        #expect(
            lines.flatMap { $0 } == [
                ContextLine(key: "a", value: "1"), ContextLine(key: "b", value: "x=y"),
                ContextLine(key: "c", value: ""),
            ])
    }

    @Test(arguments: [
        ["--bogus"], ["--benchmark_bogus=1"], ["--window", "5"], ["--window", "-1s"], ["--window", "nans"],
        ["--window", "0ms"], ["--benchmark_min_time", "fast"], ["--faulters", "0"], ["--faulters", "1,"],
        ["--faulters", "1,x"], ["--faulters", "999"], ["--invalidators", "-1"], ["--guard", "a,,b"], ["--guard", ""],
        ["--walk-ns", "1.5"], ["--walk-ns=-1"], ["--speed", "inf"], ["--speed=-1"], ["--seed", "-1"],
        ["--pairing", "none"], ["--profile", "slow"], ["--benchmark_repetitions=0"], ["--benchmark_format=xml"],
        ["--stripe", "64"], ["--stripe", "2KiB"], ["--stripe", "3MiB"], ["--stripe", "0KiB"], ["--stripe", "-4KiB"],
        ["--stripe", "4kB"], ["--stripe", "2048GiB"], ["--stripe", "1.5MiB"], ["--stripe", "9223372036854775807GiB"],
        ["--wide-bound=-1"], ["--wide-bound", "many"], ["--bias-budget", "5"], ["--bias-budget=0%"],
        ["--bias-budget", "101%"], ["--bias-budget", "nan%"],
        ["--retry-noisy", "11"], ["--retry-noisy=-1"], ["--retry-noisy", "some"], ["--retry-noisy"],
        ["--fault-rate", "0"], ["--fault-rate=-5"], ["--fault-rate", "k"], ["--fault-rate", "10kHz"],
        ["--fault-rate", "nan"], ["--fault-rate", "infM"], ["--fault-rate", "2G"], ["--invalidation-rate", "1e-9"],
        ["--invalidation-rate", ""], ["--arrivals", "fixed"], ["--arrivals", "poisson", "--scenario", "storm"],
        ["--fault-rate", "5", "--arrivals", "bursts"],
        ["--benchmark_list_tests=perhaps"], ["--benchmark_context=novalue"], ["--benchmark_context==x"],
        ["--window", "1s", "--benchmark_min_time", "1"], ["stray"], ["--benchmark_filter"],
        ["--benchmark_color=perhaps"], ["--benchmark_display_aggregates_only=perhaps"],
    ])
    func wrongUsageIsRefused(words: [String]) {
        #expect(throws: (any Error).self) { try RunOptions.parse(CommandLineWords.normalised(words)) }
    }

    @Test func nothingBehindADoubleDashIsTouched() {
        #expect(
            CommandLineWords.normalised(["--benchmark_list_tests", "--", "--benchmark_list_tests"])
                == ["--benchmark_list_tests=true", "--", "--benchmark_list_tests"])
    }
}
