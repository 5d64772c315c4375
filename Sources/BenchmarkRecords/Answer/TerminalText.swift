/// Text of a file or a command line, for a line of a terminal.
package enum PrintableText {
    /// `text` with U+FFFD in the place of what would end the line or steer the terminal.
    package static func of(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "\u{FFFD}" }))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

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
