/// An answer as one page of HTML that needs nothing else: no network, no scripts, no other file.
///
/// The verdict comes first, then each workload with its figures and each ladder, then what was noisy, where the numbers come from, and
/// what changed over the runs. The page is readable in light and dark, on a telephone and on paper. Every text of the files
/// is escaped, and a policy in the page forbids it to load anything.
public struct HTMLReport: Sendable, CustomStringConvertible {
    /// The page, with a newline at its end.
    public let description: String

    /// Lays out `answer`, made from the repetitions in `rows`, which stand in `files` and were measured on `machine`. With
    /// `history` the page says what changed over those runs.
    public init(
        _ answer: RunAnswer, rows: [ResultRow], machine: MachineText, files: [ReportedFile],
        history: HistoryReport? = nil
    ) {
        let states = Set(answer.workloads.map(\.state))
        let workloads = answer.workloads.enumerated().map { index, workload in
            WorkloadSection(workload, machine: machine, number: index + 1, namesState: states.count > 1)
        }
        let ladders = answer.ladders.enumerated().map { index, ladder in
            LadderSection(ladder, machine: machine, number: index + 1)
        }
        let verdict = VerdictText(answer, machine: machine).lines.enumerated().map { index, line in
            HTMLText.element("p", line, class: index == 0 ? "verdict" : "lead")
        }
        var links = workloads.map { (target: $0.identifier, text: $0.title) }
        links += ladders.map { (target: $0.identifier, text: $0.title) }
        links += [("noise", "What was noisy"), ("fingerprint", "Where it comes from")]
        if history != nil { links.append(("history", "Over the runs")) }
        let contents = links.map { link in
            "<li><a href=\"#\(link.target)\">\(HTMLText.escaped(link.text))</a></li>"
        }
        let dates = files.compactMap { $0.context["date"]?.prefix(10) }.map(String.init)
        let days = Set(dates).sorted()
        let when = days.count > 1 ? "\(days[0]) to \(days[days.count - 1])" : days.first ?? "no date"
        let title = "invbench: \(machine.name), \(when)"
        let sections =
            workloads.map(\.markup) + ladders.map(\.markup) + [NoiseSection(rows).markup, OriginSection(files).markup]
            + [history.map { HistorySection($0).markup }].compactMap(\.self)
        description = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,">
            \(HTMLText.element("title", title))
            <style>
            \(ReportStyle.text)
            </style>
            </head>
            <body>
            <header>
            <h1>Which lock should guard the fault path?</h1>
            \(HTMLText.element("p", "invbench \u{00B7} \(machine.name) \u{00B7} \(when)", class: "note"))
            \(verdict.joined(separator: "\n"))
            <nav aria-label="Contents"><ul>
            \(contents.joined(separator: "\n"))
            </ul></nav>
            </header>
            <main>
            \(sections.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }
}
