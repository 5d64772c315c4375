/// An answer as one page of HTML that needs nothing else: no network, no scripts, no other file.
///
/// The verdict comes first, of several hosts the verdict of each and then all of them side by side; then each workload with
/// its figures and each ladder; then what was noisy, where the numbers come from, and what changed over the runs. The page is readable in light and dark, on a telephone and on paper. Every text of the files
/// is escaped, and a policy in the page forbids it to load anything.
public struct HTMLReport: Sendable, CustomStringConvertible {
    /// The page, with a newline at its end.
    public let description: String

    /// Lays out the answers of `hosts`, which stand in `files`; there is one host at least. With `history` the page says what
    /// changed over the runs of the only host.
    public init(_ hosts: [HostAnswer], files: [ReportedFile], history: HistoryReport? = nil) {
        let namesHosts = hosts.count > 1
        var workloads: [WorkloadSection] = []
        var ladders: [LadderSection] = []
        for host in hosts {
            let states = Set(host.answer.workloads.map(\.state))
            let name = namesHosts ? host.name : nil
            workloads += host.answer.workloads.enumerated().map { index, workload in
                WorkloadSection(
                    workload, machine: host.machine, number: workloads.count + index + 1, host: name,
                    namesState: states.count > 1)
            }
            ladders += host.answer.ladders.enumerated().map { index, ladder in
                LadderSection(ladder, machine: host.machine, number: ladders.count + index + 1, host: name)
            }
        }
        let verdict = hosts.flatMap { host in
            VerdictText(host.answer, machine: host.machine).lines.enumerated().map { index, line in
                HTMLText.element(
                    "p", (namesHosts && index == 0 ? "\(host.name): " : "") + line,
                    class: index == 0 ? "verdict" : "lead")
            }
        }
        let sideBySide = namesHosts ? [HostsSection(hosts).markup] : []
        var links = namesHosts ? [(target: "hosts", text: "Hosts side by side")] : []
        links += workloads.map { (target: $0.identifier, text: $0.title) }
        links += ladders.map { (target: $0.identifier, text: $0.title) }
        links += [("noise", "What was noisy"), ("fingerprint", "Where it comes from")]
        if history != nil { links.append(("history", "Over the runs")) }
        let contents = links.map { link in
            "<li><a href=\"#\(link.target)\">\(HTMLText.escaped(link.text))</a></li>"
        }
        let dates = files.compactMap { $0.context["date"]?.prefix(10) }.map(String.init)
        let days = Set(dates).sorted()
        let when = days.count > 1 ? "\(days[0]) to \(days[days.count - 1])" : days.first ?? "no date"
        let machines = namesHosts ? ScaledNumber.counted(hosts.count, "host") : hosts[0].machine.name
        let title = "invbench: \(machines), \(when)"
        let sections =
            sideBySide + workloads.map(\.markup) + ladders.map(\.markup)
            + [NoiseSection(hosts.flatMap(\.rows)).markup, OriginSection(files).markup]
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
            \(HTMLText.element("p", "invbench \u{00B7} \(machines) \u{00B7} \(when)", class: "note"))
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
