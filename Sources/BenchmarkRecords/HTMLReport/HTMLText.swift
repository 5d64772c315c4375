/// Text of files and command lines, as text of an HTML page: nothing of it becomes an element, an attribute or an address.
enum HTMLText {
    /// `text` for the inside of an element or of an attribute in double quotes. Control characters, which neither HTML
    /// nor XML may hold, become U+FFFD.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in PrintableText.of(text).unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // XML has no word for these two.
            case "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// `<p class="…">text</p>`: an element around text that is escaped here.
    static func element(_ name: String, _ text: String, class kind: String? = nil) -> String {
        "<\(name)\(kind.map { " class=\"\($0)\"" } ?? "")>\(escaped(text))</\(name)>"
    }
}

/// A table that scrolls inside its own box where the page is too narrow for it.
struct HTMLTable {
    /// A column: what stands above it, and whether it holds numbers, which stand at the right.
    struct Column {
        let heading: String
        var isNumeric = true
    }

    /// What the table is about.
    let caption: String
    let columns: [Column]
    /// A text for each column. The first one names the row.
    let rows: [[String]]

    /// The table as HTML.
    var markup: String {
        let heading = columns.map { column in
            "<th scope=\"col\"\(column.isNumeric ? " class=\"n\"" : "")>\(HTMLText.escaped(column.heading))</th>"
        }
        let lines = rows.map { row in
            let cells = zip(columns, row).enumerated().map { index, cell in
                if index == 0 { return "<th scope=\"row\">\(HTMLText.escaped(cell.1))</th>" }
                return HTMLText.element("td", cell.1, class: cell.0.isNumeric ? "n" : nil)
            }
            return "<tr>\(cells.joined())</tr>"
        }
        return """
            \(HTMLText.element("p", caption, class: "note"))
            <div class="scroll" tabindex="0" role="region" aria-label="\(HTMLText.escaped(caption))">
            <table aria-label="\(HTMLText.escaped(caption))">
            <thead><tr>\(heading.joined())</tr></thead>
            <tbody>\(lines.joined(separator: "\n"))</tbody>
            </table></div>
            """
    }
}
