/// A results file that a page is made from.
public struct ReportedFile: Sendable {
    /// The file's name, without its folder.
    public let name: String
    /// What the run says about itself.
    public let context: [String: String]

    /// A file that was read.
    public init(name: String, context: [String: String]) {
        self.name = name
        self.context = context
    }
}

/// Where the numbers of a page come from: the files, and all that they say about the machine, its settings and the build.
struct OriginSection {
    private let files: [ReportedFile]

    /// For the files of a page, in their order.
    init(_ files: [ReportedFile]) { self.files = files }

    /// What differs from run to run and stands in the table of the files.
    private static let ofFile = ["date", "commit", "tree_dirty", "profile", "window_ns", "seed"]
    /// What says nothing beside the facts that invbench writes itself.
    private static let idle: Set<String> = ["caches", "library_build_type", "mhz_per_cpu"]

    /// The section as HTML.
    var markup: String {
        """
        <section id="fingerprint">
        <h2>Where it comes from</h2>
        \(fileTable.markup)
        \(facts.markup)
        </section>
        """
    }

    private var fileTable: HTMLTable {
        let keys = Self.ofFile.filter { key in files.contains { $0.context[key] != nil } }
        return HTMLTable(
            caption: "The results files.",
            columns: [HTMLTable.Column(heading: "file", isNumeric: false)]
                + keys.map { HTMLTable.Column(heading: $0, isNumeric: false) },
            rows: files.map { file in [file.name] + keys.map { file.context[$0] ?? "-" } })
    }

    /// A line for each fact, and one more for each other value of it.
    private var facts: HTMLTable {
        let keys = Set(files.flatMap(\.context.keys)).subtracting(Self.ofFile).subtracting(Self.idle).sorted()
        let rows = keys.flatMap { key -> [[String]] in
            var order: [String] = []
            for value in files.map({ $0.context[key] ?? "absent" }) where !order.contains(value) { order.append(value) }
            if order.count == 1 { return order.map { [key, $0] } }
            return order.map { value in
                let names = files.filter { ($0.context[key] ?? "absent") == value }.map(\.name)
                return [key, "\(value) (\(NameList.text(names)))"]
            }
        }
        return HTMLTable(
            caption: "The fingerprint: the machine, its settings and the build.",
            columns: [
                HTMLTable.Column(heading: "fact", isNumeric: false),
                HTMLTable.Column(heading: "value", isNumeric: false),
            ], rows: rows)
    }
}
