import Foundation

/// An answer for programs and for documents: JSON, CSV and Markdown.
public enum AnswerDocument {
    private struct Document: Encodable {
        struct Workload: Encodable {
            struct Row: Encodable {
                let `guard`: String
                let faults_per_second: Double?
                let low: Double?
                let high: Double?
                let ratio: Double?
                let ratio_low: Double?
                let ratio_high: Double?
                let invalidations_per_second: Double?
                let fault_p99_ns: Double?
                let invalidation_p99_ns: Double?
                let repetitions: Int
                let stale: Double?
                let group: Int?
                let p: Double?
            }

            let name: String
            let state: String?
            let core_share: Double?
            let reference: String?
            let rows: [Row]
            let verdict: String
        }

        struct Ladder: Encodable {
            struct Point: Encodable {
                let faulters: Int
                let faults_per_second: Double
                let low: Double
                let high: Double
                let fault_p99_ns: Double?
                let oversubscribed: Bool
                let counted_lines: Double?
            }
            struct Law: Encodable {
                let single: Double
                let contention: [Double]
                let coherency: [Double]
                let peak: Double?
                let r2: Double
            }
            struct Climb: Encodable {
                let `guard`: String
                let points: [Point]
                let law: Law?
                let no_law: String?
            }

            let name: String
            let state: String?
            let guards: [Climb]
        }

        let workloads: [Workload]
        let ladders: [Ladder]
        let verdict: String
    }

    /// The answer as one JSON object; what is not known is absent.
    ///
    /// `{"workloads": [{"name", "state", "core_share", "reference", "rows": [{"guard", "faults_per_second", "low",
    /// "high", "ratio", "ratio_low", "ratio_high", "invalidations_per_second", "fault_p99_ns", "invalidation_p99_ns",
    /// "repetitions", "stale", "group", "p"}], "verdict"}], "ladders": [{"name", "state", "guards": [{"guard", "points":
    /// [{"faulters", "faults_per_second", "low", "high", "fault_p99_ns", "oversubscribed",
    /// "counted_lines"}], "law": {"single", "contention", "coherency", "peak", "r2"}, "no_law"}]}], "verdict"}`. Rates are operations a second, `low` and `high` the
    /// ends of 95 % intervals; `core_share` is what the cores did of their best, and faults are given for 1. Guards of one
    /// workload with one `group` are not told apart; 1 is the best group. `p` is ``GuardAnswer/pInsideRun``. Contention and coherency are
    /// ``ScalabilityLaw``'s, each a value and the two ends of its interval; `no_law` says why there is none.
    public static func json(_ answer: RunAnswer, machine: MachineText) -> String {
        json(document(answer, machine: machine))
    }

    /// The answers of several hosts as one JSON object: `{"hosts": [{"host", "machine_id", "answer"}]}`, where each answer is
    /// what the JSON of that host alone holds.
    public static func json(_ hosts: [HostAnswer]) -> String {
        json(
            Hosts(
                hosts: hosts.map {
                    Hosts.Host(
                        host: $0.name, machine_id: $0.host.machine, answer: document($0.answer, machine: $0.machine))
                }))
    }

    private struct Hosts: Encodable {
        struct Host: Encodable {
            let host: String
            let machine_id: String?
            let answer: Document
        }

        let hosts: [Host]
    }

    private static func json(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Every number is finite, which is all that could fail.
        let data = try? encoder.encode(document)
        return String(decoding: data ?? Data(), as: UTF8.self) + "\n"
    }

    private static func document(_ answer: RunAnswer, machine: MachineText) -> Document {
        Document(
            workloads: answer.workloads.map { workload in
                Document.Workload(
                    name: workload.name, state: workload.state?.description,
                    core_share: workload.coreShare, reference: workload.reference,
                    rows: workload.guards.map { row(of: $0) }, verdict: workload.verdict)
            },
            ladders: answer.ladders.map { ladder(of: $0) },
            verdict: VerdictText(answer, machine: machine).lines.joined(separator: " "))
    }

    private static func row(of answer: GuardAnswer) -> Document.Workload.Row {
        Document.Workload.Row(
            guard: answer.name, faults_per_second: answer.faultsPerSecond?.value, low: answer.faultsPerSecond?.low,
            high: answer.faultsPerSecond?.high, ratio: answer.ratio?.value, ratio_low: answer.ratio?.low,
            ratio_high: answer.ratio?.high, invalidations_per_second: answer.median(.invalidationsPerSecond),
            fault_p99_ns: answer.median(.faultP99), invalidation_p99_ns: answer.median(.invalidationP99),
            repetitions: answer.repetitions, stale: answer.stale, group: answer.group,
            p: answer.pInsideRun)
    }

    private static func ladder(of ladder: Ladder) -> Document.Ladder {
        func ends(_ estimate: Estimate) -> [Double] { [estimate.value, estimate.low, estimate.high] }
        return Document.Ladder(
            name: ladder.title, state: ladder.state?.description,
            guards: ladder.climbs.map { climb in
                Document.Ladder.Climb(
                    guard: climb.name,
                    points: climb.points.map { point in
                        let rate = point.faultsPerSecond
                        return Document.Ladder.Point(
                            faulters: point.faulters, faults_per_second: rate.value, low: rate.low, high: rate.high,
                            fault_p99_ns: point.faultP99, oversubscribed: point.isOversubscribed,
                            counted_lines: point.countedLines)
                    },
                    law: climb.law.map { law in
                        Document.Ladder.Law(
                            single: law.single, contention: ends(law.contention), coherency: ends(law.coherency),
                            peak: law.peak, r2: law.goodness)
                    },
                    no_law: climb.law == nil ? climb.absence : nil)
            })
    }

    private static let csvHeading = [
        "workload", "state", "reference", "guard", "faults_per_second", "low", "high", "ratio", "ratio_low",
        "ratio_high", "invalidations_per_second", "fault_p99_ns", "invalidation_p99_ns", "repetitions", "stale",
        "group", "p",
    ]

    /// A line for each guard of each workload; a field without a value is empty.
    public static func csv(_ answer: RunAnswer) -> String { text(csvHeading, csvLines(answer)) }

    /// The same of several hosts, with the host before each line.
    public static func csv(_ hosts: [HostAnswer]) -> String {
        text(
            ["host"] + csvHeading, hosts.flatMap { host in csvLines(host.answer).map { quoted(host.name) + "," + $0 } })
    }

    private static func text(_ heading: [String], _ lines: [String]) -> String {
        ([heading.joined(separator: ",")] + lines).map { $0 + "\n" }.joined()
    }

    private static func csvLines(_ answer: RunAnswer) -> [String] {
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        return answer.workloads.flatMap { workload in
            workload.guards.map { guardAnswer in
                let row = row(of: guardAnswer)
                let texts = [workload.name, workload.state?.description ?? "", workload.reference ?? "", row.guard]
                let numbers = [
                    row.faults_per_second, row.low, row.high, row.ratio, row.ratio_low, row.ratio_high,
                    row.invalidations_per_second, row.fault_p99_ns, row.invalidation_p99_ns,
                    Double(row.repetitions), row.stale, row.group.map(Double.init), row.p,
                ]
                return (texts.map(quoted) + numbers.map(number)).joined(separator: ",")
            }
        }
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    /// The verdict and a table for each workload.
    public static func markdown(_ answer: RunAnswer, machine: MachineText) -> String {
        let verdict = VerdictText(answer, machine: machine).lines.joined(separator: " ")
        let tables = answer.workloads.map { workload in
            let reference = workload.reference ?? "reference"
            let heading =
                "| | guard | faults/s | 95 % | x \(escaped(reference)) | fault p99 | inval/s | inval p99 | stale |"
            let lines = workload.guards.map { line(of: $0, machine: machine) }
            let above = ["## " + escaped(workload.title), "", escaped(workload.verdict), "", heading]
            return (above + ["|-|-|-:|-:|-:|-:|-:|-:|-:|"] + lines).joined(separator: "\n")
        }
        let ladders = answer.ladders.map { ladder in
            let text = LadderText(ladder, machine: machine)
            return "## \(escaped(text.title))\n\n```\n\(text.lines.joined(separator: "\n"))\n```"
        }
        return ([escaped(verdict)] + tables + ladders).joined(separator: "\n\n") + "\n"
    }

    private static func line(of answer: GuardAnswer, machine: MachineText) -> String {
        func text(_ metric: Metric, _ format: (Double) -> String) -> String { answer.median(metric).map(format) ?? "-" }
        let flags = answer.flags.filter { $0 != .tooFew }.map(\.rawValue)
        let name = ([escaped(answer.name)] + flags).joined(separator: " ")
        let rate: String = answer.faultsPerSecond.map { ScaledNumber.rate($0.value) } ?? "too few"
        let interval: String =
            answer.faultsPerSecond.map { rate in
                "\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high))"
            } ?? "-"
        let ratio: String = answer.ratio.map { WorkloadVerdict.range($0) } ?? "-"
        let stale: String = answer.stale.map { ScaledNumber.count($0) } ?? "-"
        let cells: [String] = [
            answer.group.map(String.init) ?? "", name, rate, interval, ratio,
            text(.faultP99) { machine.latency($0) }, text(.invalidationsPerSecond) { ScaledNumber.rate($0) },
            text(.invalidationP99) { machine.latency($0) }, stale,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// Text that Markdown shows as it is.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "|*_`<>[]\\".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}
