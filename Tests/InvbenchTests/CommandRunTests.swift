import BenchmarkRecords
import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    @Suite struct CommandRunTests {
        private static let small = [
            "--guard", "mutex", "--scenario", "calm,storm", "--faulters", "1", "--window", "2ms",
        ]

        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test func jsonStandsAloneOnStandardOutput() throws {
            let outcome = try command.run(Self.small + ["--benchmark_format=json", "--benchmark_repetitions=3"])
            #expect(outcome.status == 0)
            let rows = try outcome.rows()
            #expect(rows.count { $0.runType == .iteration } == 6)
            #expect(rows.count { $0.runType == .aggregate("median") } == 2)
            #expect(rows.allSatisfy { $0.realNanoseconds.isFinite && $0.cell != nil })
            #expect(Set(rows.compactMap(\.repetitionIndex)) == [0, 1, 2])
            #expect(try command.savedRows() == rows)
        }

        @Test func withoutRestartableSequencesTheirGuardIsRefusedWithTheReason() throws {
            let environment = ["GLIBC_TUNABLES": "glibc.pthread.rseq=0"]
            let named = try command.run(
                ["--guard", "restartable", "--scenario", "calm", "--window", "2ms"], environment: environment)
            #expect(named.status == 2)
            #expect(named.errors.hasPrefix("invbench: --guard restartable: "))
            let others = try command.run(
                Self.small + ["--benchmark_format=json", "--benchmark_repetitions=1"], environment: environment)
            #expect(others.status == 0)
            let context = try #require(command.resultsFiles().first.map { try ResultsFile(reading: $0).context })
            #expect(context["restartable_sequences"]?.contains("glibc") == true)
            #expect(context["adaptive_installs"] == "published")
        }

        @Test func adaptiveRunsInBothOfItsForms() throws {
            for environment in [[:], ["GLIBC_TUNABLES": "glibc.pthread.rseq=0"]] {
                let outcome = try command.run(
                    [
                        "--guard", "adaptive", "--scenario", "steady", "--window", "10ms", "--no-save",
                        "--benchmark_format=json", "--benchmark_repetitions=1",
                    ], environment: environment)
                #expect(outcome.status == 0)
                #expect(try outcome.rows().contains { $0.cell?.guardName == "adaptive" })
            }
        }

        @Test func aChurnersValuesAreInItsRowsAndNoOthers() throws {
            let outcome = try command.run([
                "--guard", "mutex", "--scenario", "steady,churn", "--faulters", "1", "--window", "20ms", "--no-save",
                "--benchmark_format=json", "--benchmark_repetitions=1",
            ])
            let always: [Metric] = [.registrationMaximum, .registrationsPerSecond, .unregistrationMaximum]
            let large: [Metric] = [.registrationP50, .registrationP99, .unregistrationP50, .unregistrationP99]
            for row in try outcome.rows() {
                let isChurn = row.cell?.scenario == "churn"
                #expect(always.allSatisfy { (row[$0] != nil) == isChurn }, "\(row.runName)")
                if !isChurn { #expect(large.allSatisfy { row[$0] == nil }, "\(row.runName)") }
            }
        }

        @Test func theLongestStartIsInTheRowsOfScenariosAboutWaits() throws {
            let words = [
                "--guard", "unprotected", "--scenario", "storm,install-cost,mapping-lock,long-sections", "--faulters",
                "3",
                "--invalidators", "2", "--window", "50ms", "--no-save", "--benchmark_repetitions=1",
            ]
            let rows = try command.run(words + ["--benchmark_format=json"]).rows()
            #expect(rows.count == 4)
            for row in rows {
                #expect((row[.invalidationStartLongest] != nil) == (row.cell?.scenario != "storm"), "\(row.runName)")
                #expect(row[.faultLongest] ?? 0 > 0, "\(row.runName)")
            }
            let headings = try command.run(words).output.split(separator: "\n").filter { $0.hasPrefix("   guard ") }
            // Where threads have to share cores, also in a storm.
            #expect(headings.map { $0.contains("worst") } == [rows[0][.oversubscribed] == 1, true, true, true])
        }

        @Test func anOpenLoopsValuesAreInItsRowsAndNoOthers() throws {
            let outcome = try command.run([
                "--guard", "mutex", "--scenario", "calm,storm", "--faulters", "1", "--invalidators", "2", "--window",
                "50ms", "--fault-rate", "5k", "--invalidation-rate", "1k", "--arrivals", "fixed", "--no-save",
                "--benchmark_format=json", "--benchmark_repetitions=1",
            ])
            #expect(outcome.status == 0)
            let rows = try outcome.rows()
            #expect(rows.count == 2)
            for row in rows {
                let isStorm = row.cell?.scenario == "storm"
                #expect(row.runName.contains("/fault-rate:5000") && row.runName.hasSuffix("/arrivals:fixed"))
                #expect(row.runName.contains("/invalidation-rate:1000") == isStorm)
                let due = (row[.faultSamples] ?? 0) + (row[.faultBacklog] ?? -1_000)
                #expect((249...251).contains(due), "\(row.runName)")
                #expect(row[.faultTrend] == nil)
                let keys: [Metric] = [.invalidationBacklog, .invalidationFairness, .invalidationLongestWait]
                #expect(keys.allSatisfy { (row[$0] != nil) == isStorm }, "\(row.runName)")
            }
        }

        @Test func aClosedLoopHasATrendAndNoBacklog() throws {
            let outcome = try command.run([
                "--guard", "mutex", "--scenario", "calm,storm", "--faulters", "1", "--window", "100ms", "--no-save",
                "--benchmark_format=json", "--benchmark_repetitions=1",
            ])
            for row in try outcome.rows() {
                #expect(row[.faultBacklog] == nil && row[.invalidationBacklog] == nil)
                #expect(row[.invalidationFairness] == nil)
                #expect(row[.faultTrend].map { $0 > 0 } ?? true)
            }
            #expect(try outcome.rows().contains { $0[.faultTrend] != nil })
        }

        @Test func histogramsAreKeptOnRequest() throws {
            let outcome = try command.run(Self.small + ["--histograms", "h/below", "--benchmark_repetitions=3"])
            #expect(outcome.status == 0)
            let folder = command.folder.path + "/h/below"
            #expect(
                Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == [
                    "storm_mutex_calm_faulters=1_invalidators=0.fault.hgrm",
                    "storm_mutex_storm_faulters=1_invalidators=1.fault.hgrm",
                    "storm_mutex_storm_faulters=1_invalidators=1.invalidation.hgrm",
                ])
            let rows = try command.savedRows().filter { $0.runType == .iteration && $0.cell?.scenario == "calm" }
            let samples = rows.reduce(0) { $0 + ($1[.faultSamples] ?? 0) }
            let text = try command.text(of: "h/below/storm_mutex_calm_faulters=1_invalidators=0.fault.hgrm")
            let total = try #require(text.split(separator: "Total count").last?.split(separator: "]").first)
            #expect(Double(total.drop { $0 == " " || $0 == "=" }) == samples)
        }

        @Test func theContextSaysHowTheRunWasMade() throws {
            _ = try command.run(Self.small + ["--seed=7", "--benchmark_context=note=a\u{1}b", "--profile=standard"])
            let context = try ResultsFile(reading: try #require(command.resultsFiles().first)).context
            #expect(context["seed"] == "7")
            #expect(context["window_ns"] == "2000000")
            #expect(context["note"] == "a\u{FFFD}b")
            #expect(context["build_type"] == "debug" || context["build_type"] == "release")
        }

        @Test func theTableIsOnStandardOutputAndTheRestIsNot() throws {
            let outcome = try command.run(Self.small + ["--benchmark_repetitions=1"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("calm, 1 faulter, 0 invalidators"))
            #expect(!outcome.output.contains("results/"))
            #expect(outcome.errors.contains("results  results/"))
            #expect(!outcome.errors.contains("\u{1B}"), "no progress line where nobody looks")
        }

        @Test func csvHasALineForEachRow() throws {
            let outcome = try command.run(
                Self.small + ["--no-save", "--benchmark_format=csv", "--benchmark_repetitions=6"])
            let lines = outcome.output.split(separator: "\r\n")
            #expect(lines.count == 1 + 2 * (6 + 4))
            #expect(Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
            #expect(command.resultsFiles().isEmpty)
        }

        @Test func aggregatesOnlyLeavesTheResultsFileWhole() throws {
            let outcome = try command.run(
                Self.small + [
                    "--benchmark_report_aggregates_only", "--benchmark_format=json", "--benchmark_repetitions=2",
                    "--benchmark_out=out.json",
                ])
            #expect(try outcome.rows().allSatisfy { $0.runType != .iteration })
            #expect(try outcome.rows() == ResultsFile(reading: command.folder.path + "/out.json").rows)
            #expect(try command.savedRows().count { $0.runType == .iteration } == 4)
        }

        @Test func aDisplayOfAggregatesAloneLeavesFilesWhole() throws {
            let outcome = try command.run(
                Self.small + [
                    "--benchmark_display_aggregates_only", "--benchmark_format=json", "--benchmark_repetitions=2",
                    "--benchmark_out=out.json",
                ])
            #expect(try !outcome.rows().isEmpty && outcome.rows().allSatisfy { $0.runType != .iteration })
            let out = try ResultsFile(reading: command.folder.path + "/out.json").rows
            #expect(out.count { $0.runType == .iteration } == 4)
            #expect(try command.savedRows() == out)
        }

        @Test(arguments: [("true", true), ("auto", false), ("false", false)])
        func coloursAreThereWhereTheyAreAskedFor(choice: String, areThere: Bool) throws {
            let outcome = try command.run(
                Self.small + ["--benchmark_color=\(choice)", "--benchmark_repetitions=6", "--no-save"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("\u{1B}[") == areThere)
        }

        @Test(arguments: ["--benchmark_perf_counters=CYCLES", "--v=2", "--benchmark_time_unit=ms"])
        func aFlagWithoutMeaningIsOneLine(flag: String) throws {
            for words in [[flag], ["ab", "main", "HEAD", "--", flag]] {
                let outcome = try command.run(words)
                #expect(outcome.status == 2 && outcome.output.isEmpty)
                #expect(outcome.errors.hasPrefix("invbench: \(flag.prefix { $0 != "=" }): "))
                #expect(outcome.errors.count { $0 == "\n" } == 1)
            }
        }

        @Test func listingNamesCellsAndTouchesNoFile() throws {
            try command.write("precious", to: "out.json")
            let outcome = try command.run(["--benchmark_list_tests", "--benchmark_out=out.json", "--guard=mutex"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("storm/mutex/calm/faulters:1/invalidators:0\n"))
            #expect(outcome.output.split(separator: "\n").allSatisfy { CellName(String($0)) != nil })
            #expect(try command.text(of: "out.json") == "precious")
            #expect(command.resultsFiles().isEmpty)
        }

        @Test func aListWithoutAChoiceHasEveryGuardInEveryScenarioThatItCanRunIn() throws {
            let names = try command.run(["--benchmark_list_tests"]).output.split(separator: "\n")
                .compactMap { CellName(String($0)) }
            let pairs = Set(names.map { [$0.guardName, $0.scenario] })
            let catalogue = try CellCatalogue()
            let possible = catalogue.scenarios.map { catalogue.guards.count(where: $0.takes) }
            #expect(pairs.count == possible.reduce(0, +))
        }

        @Test func aListOfAProfileHasWhatTheProfileTakes() throws {
            let output = try command.run(["--benchmark_list_tests", "--profile=quick"]).output
            let names = output.split(separator: "\n").compactMap { CellName(String($0)) }
            #expect(!names.isEmpty && Set(names.map(\.guardName)).isSubset(of: Profile.quickGuards))
        }

        @Test func outReplacesAnOlderFile() throws {
            try command.write("older", to: "out.json")
            let outcome = try command.run(
                Self.small + ["--no-save", "--benchmark_out", "out.json", "--benchmark_repetitions=6"])
            #expect(outcome.status == 0)
            #expect(try ResultsFile(reading: command.folder.path + "/out.json").rows.count == 2 * (6 + 4))
        }

        @Test func theSubcommandMayBeNamed() throws {
            let outcome = try command.run(["run"] + Self.small + ["--no-save", "--benchmark_repetitions=1"])
            #expect(outcome.status == 0)
        }

        @Test func anUnprotectedGuardMayShowStaleTranslations() throws {
            let outcome = try command.run([
                "--guard=unprotected", "--scenario=storm", "--faulters=1", "--window=2ms", "--no-save",
            ])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("UNSAFE"))
        }

        @Test func listShowsWhatThereIs() throws {
            let outcome = try command.run(["list"])
            #expect(outcome.status == 0)
            for word in [
                "unprotected", "UNSAFE", "[--stripe 2MiB]", "pressure", "trace:redis", "[not in mapping-lock]",
                "guards: unprotected, mutex,",
            ] {
                #expect(outcome.output.contains(word))
            }
        }

        @Test func variablesOfGoogleBenchmarkAreNotFlags() throws {
            let outcome = try command.run(
                Self.small + ["--no-save", "--benchmark_format=json", "--benchmark_repetitions=1"],
                environment: [
                    "BENCHMARK_FILTER": "nothing", "BENCHMARK_OUT": "env.json", "BENCHMARK_CONTEXT": "a=b",
                    "BENCHMARK_REPETITIONS": "9", "BENCHMARK_LIST_TESTS": "true",
                ])
            #expect(outcome.status == 0)
            #expect(try outcome.rows().count == 2)
            #expect(!outcome.output.contains("\"a\""))
            #expect(outcome.errors.contains("BENCHMARK_FILTER"))
            #expect(!FileManager.default.fileExists(atPath: command.folder.path + "/env.json"))
        }

        @Test(arguments: [["--help"], ["--version"], ["help", "run"], ["run", "--help"]])
        func helpIsNoError(words: [String]) throws {
            let outcome = try command.run(words)
            #expect(outcome.status == 0)
            #expect(!outcome.output.isEmpty && outcome.errors.isEmpty)
        }

        @Test(arguments: [
            ["--bogus"], ["--guard", "mutx"], ["--scenario", "stom"], ["--benchmark_filter=("], ["--window", "5"],
            ["--benchmark_filter=nothing_has_this_name"], ["--benchmark_context=commit=x"],
            ["list", "--guard", "mutex"], ["--stripe", "3MiB"], ["--guard", "mutex", "--stripe", "64KiB"],
            ["--guard", "mutex", "--pairing", "call-all"], ["--guard", "mutex", "--scenario", "mapping-lock"],
            ["--arrivals", "fixed"], ["--fault-rate", "0"],
            ["--scenario", "calm", "--invalidation-rate", "5"],
            ["--trace", "missing.strace", "--scenario", "trace:missing"],
        ])
        func wrongUsageEndsWithTwo(words: [String]) throws {
            let outcome = try command.run(words)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty && !outcome.errors.isEmpty)
            #expect(command.resultsFiles().isEmpty)
        }

        @Test func aCutTraceEndsWithTwo() throws {
            let line = "100 1795226087.742750 munmap(0x7f3a0f17c000, 4096) = 0\n"
            try command.write(line + line.prefix(40), to: "cut.strace")
            let outcome = try command.run(["--trace", "cut.strace", "--scenario", "trace:cut", "--window", "2ms"])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("cut.strace"))
        }
    }
}
