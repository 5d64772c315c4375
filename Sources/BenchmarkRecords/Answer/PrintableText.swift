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
