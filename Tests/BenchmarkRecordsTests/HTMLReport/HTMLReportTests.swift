import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct HTMLReportTests {
    private let fixture = ReportFixture.standard()

    /// The lines of a workload's table, by guard, each a text by column.
    private func table(_ index: Int, of page: String) throws -> [String: [String: String]] {
        let section = try #require(page.components(separatedBy: "<section id=\"workload-\(index)\">").dropFirst().first)
        let table = try #require(try Markup.pieces("table", of: section).first)
        let headings = table.all("th").filter { $0.attributes["scope"] == "col" }.map(\.text)
        return Dictionary(
            uniqueKeysWithValues: table.all("tbody")[0].all("tr").map { line in
                (line.children[0].text, Dictionary(uniqueKeysWithValues: zip(headings, line.children.map(\.text))))
            })
    }

    @Test func verdictComesFirst() throws {
        let page = fixture.page
        let verdict = try #require(VerdictText(fixture.answer, machine: fixture.machine).lines.first)
        let place = try #require(page.range(of: HTMLText.escaped(verdict)))
        let firstSection = try #require(page.range(of: "<section"))
        #expect(place.upperBound < firstSection.lowerBound)
        #expect(verdict.contains("take striped"))
    }

    @Test func numbersAreThoseOfTheAnswer() throws {
        let page = fixture.page
        let percentiles: [(String, Metric)] = [
            ("fault p50", .faultP50), ("fault p90", .faultP90), ("fault p99", .faultP99), ("fault p99.9", .faultP99_9),
            ("fault p99.99", .faultP99_99), ("fault max", .faultMaximum), ("inval. p50", .invalidationP50),
            ("inval. p90", .invalidationP90), ("inval. p99", .invalidationP99), ("inval. p99.9", .invalidationP99_9),
            ("inval. p99.99", .invalidationP99_99), ("inval. max", .invalidationMaximum),
        ]
        for (index, workload) in fixture.answer.workloads.enumerated() {
            let lines = try table(index + 1, of: page)
            #expect(lines.count == workload.guards.count)
            for guardAnswer in workload.guards {
                let name = guardAnswer.isProtected ? guardAnswer.name : "\(guardAnswer.name) UNSAFE"
                let line = try #require(lines[name])
                let rate = try #require(guardAnswer.faultsPerSecond)
                #expect(line["faults/s"] == ScaledNumber.rate(rate.value))
                #expect(line["95 %"] == "\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high))")
                #expect(line["group"] == guardAnswer.group.map(String.init) ?? "-")
                #expect(line["n"] == "8")
                for (heading, metric) in percentiles {
                    let text = guardAnswer.median(metric).map { fixture.machine.latency($0) } ?? "-"
                    // Nothing is invalidated in calm: it has no columns for that.
                    let isThere = workload.scenario != "calm" || heading.hasPrefix("fault")
                    #expect(line[heading] == (isThere ? text : nil))
                }
            }
        }
        let striped = try #require(try table(1, of: page)["striped"])
        #expect(striped["fault p99"] == "900ns")
        #expect(striped["inval/s"] == "2.90M")
        #expect(try table(2, of: page)["striped"]?["fault p99.9"] == "-")
    }

    @Test func everyFigureIsStrictAndHasATextAlternative() throws {
        let page = fixture.page
        let figures = try Markup.pieces("svg", of: page)
        // Nothing is invalidated in calm: it has two figures, and they show nothing of invalidations.
        #expect(figures.count == 5)
        #expect(page.components(separatedBy: "<figure>").count == 6)
        #expect(!page.contains("class=\"absent\""))
        #expect(!page.contains("no invalidation latencies"))
        for figure in figures {
            #expect(figure.attributes["role"] == "img")
            let title = try #require(figure.children.first { $0.name == "title" })
            let text = try #require(figure.children.first { $0.name == "desc" })
            #expect(!title.text.isEmpty)
            #expect(figure.attributes["aria-labelledby"] == title.attributes["id"])
            #expect(figure.attributes["aria-describedby"] == text.attributes["id"])
            #expect(text.text.contains("striped"))
        }
        let identifiers = page.matches(of: #/ id="([^"]*)"/#).map { String($0.1) }
        #expect(Set(identifiers).count == identifiers.count)
        for table in try Markup.pieces("table", of: page) {
            let width = table.all("thead")[0].all("th").count
            #expect(table.all("tbody")[0].all("tr").allSatisfy { $0.children.count == width })
        }
    }

    @Test func everyGuardIsNamedInEveryFigureOfItsWorkload() throws {
        let figures = try Markup.pieces("svg", of: fixture.page)
        let storm = fixture.answer.workloads[0].guards.map(\.name)
        for figure in figures.prefix(3) {
            let words = figure.all("text").map(\.text)
            for name in storm { #expect(words.contains { $0.contains(name) }, "\(name)") }
        }
    }

    @Test func nothingIsLoadedAndNothingRuns() {
        let page = fixture.page
        for match in page.matches(of: #/(?:src|href|xlink:href|action|data)="([^"]*)"/#) {
            #expect(match.1.hasPrefix("#") || match.1 == "data:,", "\(match.1)")
        }
        for word in ["<script", "@import", "url(", "http://", "https://", "<iframe", "<link rel=\"stylesheet\""] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""))
    }

    @Test func textOfFilesStaysText() throws {
        let hostile = "<img src=x onerror=\"alert('1')\">&\u{7}\u{FFFE}"
        let name = hostile.replacing("\u{7}", with: "")
        var rows = repetitions(
            of: name, faultsPerSecond: rates(3e6, 8),
            counters: ReportFixture.latencies(300).merging([.invalidationsPerSecond: 1e6]) { $1 })
        rows += repetitions(
            of: name, on: "trace:\(name)/faulters:1/invalidators:1", faultsPerSecond: rates(2e6, 8))
        let context = ["cpu_model": hostile, hostile: hostile, "date": hostile]
        let page = HTMLReport(
            RunAnswer(rows: rows), rows: rows, machine: MachineText(context: context),
            files: [ReportedFile(name: hostile, context: context)]
        ).description
        #expect(!page.contains("<img"))
        #expect(!page.contains("\u{7}"))
        #expect(page.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"))
        #expect(!(try Markup.pieces("svg", of: page)).isEmpty)
        #expect(!(try Markup.pieces("table", of: page)).isEmpty)
    }

    @Test func whatIsAbsentIsSaid() throws {
        let few = repetitions(of: "striped", faultsPerSecond: rates(3e6, 3), counters: [.coreRoundTrip: 120])
        let page = HTMLReport(
            RunAnswer(rows: few), rows: few, machine: MachineText(context: [:]),
            files: [ReportedFile(name: "few.json", context: [:])]
        ).description
        #expect(try Markup.pieces("svg", of: page).isEmpty)
        #expect(page.components(separatedBy: "class=\"absent\"").count == 4)
        #expect(page.contains(">too few<"))
        #expect(fixture.page.contains("fault p90, p99.9, p99.99 and max of all guards"))
    }

    @Test func noiseIsCounted() throws {
        let page = fixture.page
        #expect(page.contains("16 of 48 repetitions were measured outside the limits, mostly by steal."))
        let section = try #require(page.components(separatedBy: "<section id=\"noise\">").dropFirst().first)
        let table = try #require(try Markup.pieces("table", of: section).first)
        let lines = table.all("tbody")[0].all("tr").map { $0.children.map(\.text) }
        #expect(lines == [["calm, 2 faulters, 0 invalidators", "16 of 16", "16", "-", "-", "-", "-", "-"]])
    }

    @Test func fingerprintHasEveryFactAndWhereFilesDiffer() throws {
        var other = fixture.context
        other["kernel"] = "6.19"
        other["date"] = "2026-11-22T10:00:00+00:00"
        let page = HTMLReport(
            fixture.answer, rows: fixture.rows, machine: fixture.machine,
            files: [
                ReportedFile(name: "a.json", context: fixture.context), ReportedFile(name: "b.json", context: other),
            ]
        ).description
        let section = try #require(page.components(separatedBy: "<section id=\"fingerprint\">").dropFirst().first)
        let tables = try Markup.pieces("table", of: section)
        let facts = try #require(tables.last).all("tbody")[0].all("tr").map { $0.children.map(\.text) }
        #expect(facts.contains(["cpu_model", "Model A"]))
        #expect(facts.filter { $0[0] == "kernel" } == [["kernel", "6.18.44 (a.json)"], ["kernel", "6.19 (b.json)"]])
        #expect(tables[0].all("tbody")[0].all("tr").map { $0.children[0].text } == ["a.json", "b.json"])
        #expect(page.contains("2026-11-21 to 2026-11-22"))
    }

    @Test func severalHostsStandSideBySideAndThenAlone() throws {
        let hosts = ["node1", "node<2>"].map { name in
            HostAnswer(
                name: name, host: MeasuredHost(context: ["machine_id": "m", "host_id": name]), machine: fixture.machine,
                rows: fixture.rows, answer: fixture.answer)
        }
        let page = HTMLReport(hosts, files: []).description
        let section = try #require(page.components(separatedBy: "<section id=\"hosts\">").dropFirst().first)
        let tables = try Markup.pieces(
            "table", of: String(section.prefix(upTo: section.range(of: "</section>")!.lowerBound)))
        #expect(tables.count == fixture.answer.workloads.count)
        #expect(tables[0].all("thead")[0].all("th").map(\.text) == ["guard", "node1", "node<2>"])
        #expect(page.contains("2 hosts"))
        // Each has its own sections, none of which shares its address.
        let headings = page.components(separatedBy: "<h2>").dropFirst().map { $0.prefix { $0 != "<" } }
        #expect(headings.count { $0.hasPrefix("node1 \u{00B7} ") } == fixture.answer.workloads.count)
        #expect(headings.count { $0.hasPrefix("node&lt;2&gt; \u{00B7} ") } == fixture.answer.workloads.count)
        #expect(page.components(separatedBy: "id=\"workload-1\"").count == 2)
        #expect(!fixture.page.contains("id=\"hosts\""))
    }

    @Test func historySaysWhatChanged() throws {
        let runs = historyRuns(level(100e6, 8) + level(80e6, 8))
        let page = HTMLReport(
            fixture.answer, rows: fixture.rows, machine: fixture.machine, files: [], history: HistoryReport(runs)
        ).description
        let section = try #require(page.components(separatedBy: "<section id=\"history\">").dropFirst().first)
        let table = try #require(try Markup.pieces("table", of: section).first)
        let line = try #require(table.all("tbody")[0].all("tr").first).children.map(\.text)
        #expect(line.prefix(3) == ["storm/kvm/storm/faulters:1/invalidators:1", "faults_per_second", "worse"])
        #expect(line[3...5] == ["100M", "80.1M", "0.800"])
        #expect(!fixture.page.contains("id=\"history\""))
    }
}
