import Foundation

/// Where a thread is when it is stopped. The raw value is the heading of its table in the article.
enum Window: String, CaseIterable {
    case walk = "A fault in its walk"
    case install = "A fault in its install"
    case section = "A section between its start and its end"
    case claim = "A fault in the walk of its fallback"
    case registration = "A registration"
    case callback = "A section in a callback of its start"
}

/// What another thread then does. The raw value is the column of the tables.
enum Action: String, CaseIterable {
    case faultHere = "fault, same page"
    case faultElsewhere = "fault, other stripe"
    case sectionHere = "section, same page"
    case sectionElsewhere = "section, other stripe"
    case registration = "registration"
    case deferredUnregistration = "deferred unregistration"
    case otherUnregistration = "unregistration of another cache"
}

/// What comes of it. The raw value is the cell.
enum Progress: String {
    case goesOn = "."
    case waits = "waits"
    /// Also when the stopped thread has gone on: in no table.
    case hangs = "hangs"
}

/// The article "Who waits for whom", as far as a test can read it: a table for each window, with a row for each guard or
/// several, and a column for each action.
struct WaitingArticle {
    struct Malformed: Error {
        let line: Substring
    }

    private var rows: [Window: [ProtectedGuard: [Action: Progress]]] = [:]

    /// The one that stands beside the sources.
    init() throws {
        let package = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let article = "Sources/NotifierDispatch/NotifierDispatch.docc/Waiting.md"
        try self.init(text: String(contentsOf: package.appending(path: article), encoding: .utf8))
    }

    init(text: String) throws {
        var window: Window?
        var columns: [Action] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") {
                window = Window(rawValue: String(line.dropFirst(3)))
            } else if let window, line.hasPrefix("| ") {
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                guard cells.count == Action.allCases.count + 1 else { throw Malformed(line: line) }
                if cells[0] == "guards" {
                    columns = cells.dropFirst().compactMap { Action(rawValue: $0) }
                    guard columns.count == Action.allCases.count else { throw Malformed(line: line) }
                } else {
                    try add(cells, columns, to: window, line)
                }
            }
        }
    }

    private mutating func add(_ cells: [String], _ columns: [Action], to window: Window, _ line: Substring) throws {
        let progress = cells.dropFirst().compactMap { Progress(rawValue: $0) }
        guard progress.count == columns.count else { throw Malformed(line: line) }
        for name in cells[0].split(separator: ", ") {
            guard let kind = ProtectedGuard(rawValue: name.trimmingCharacters(in: ["`", " "])) else {
                throw Malformed(line: line)
            }
            rows[window, default: [:]][kind] = Dictionary(uniqueKeysWithValues: zip(columns, progress))
        }
    }

    /// What the article says of one row; `nil` where it has none.
    func row(_ window: Window, _ kind: ProtectedGuard) -> [Action: Progress]? { rows[window]?[kind] }
}
