/// Text in columns.
enum TextColumns {
    /// A line for each row, indented, its cells two spaces or more apart. A row's last cell may run over the columns that
    /// it has no cells for.
    static func aligned(_ rows: [[String]], indent: Int) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column + 1 ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.reduce("") { text, row in
            let cells = zip(row.dropLast(), widths).map { $0 + String(repeating: " ", count: $1 - $0.count + 2) }
            return text + String(repeating: " ", count: indent) + cells.joined() + (row.last ?? "") + "\n"
        }
    }
}
