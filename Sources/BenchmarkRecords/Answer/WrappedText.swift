/// Text for a terminal.
package enum WrappedText {
    /// Breaks each line at so many columns; what follows a break is indented by as much as the line was. A word that is
    /// longer stays whole.
    package static func wrapped(_ text: String, columns: Int = 100) -> String {
        text.split(separator: "\n").map { line in
            let indent = String(line.prefix { $0 == " " })
            var lines: [String] = []
            for word in line.split(separator: " ") {
                if let last = lines.last, last.count + 1 + word.count <= columns {
                    lines[lines.count - 1] += " \(word)"
                } else {
                    lines.append(indent + word)
                }
            }
            return lines.joined(separator: "\n")
        }
        .joined(separator: "\n")
    }
}
