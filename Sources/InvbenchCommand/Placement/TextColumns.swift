/// Text in columns.
enum TextColumns {
    /// A line for each row, indented, its cells two spaces or more apart.
    static func aligned(_ rows: [[String]], indent: Int) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.reduce("") { text, row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = String(repeating: " ", count: indent) + cells.joined(separator: "  ")
            return text + String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }
    }
}
