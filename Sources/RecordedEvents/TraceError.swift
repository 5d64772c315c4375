/// Why a recorded trace could not be loaded, and where in the file.
///
/// ``description`` is one line in the form that compilers use, `file:line: what is wrong: "the line"`, so that an
/// editor can jump to it.
public struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    public let file: String
    /// The line it is about, counted from 1 in the uncompressed text; `nil` where the whole file is meant.
    public let line: Int?
    /// The line itself, clipped to 200 characters, every byte that is not printable ASCII written as `\xNN`.
    public let text: String?
    /// What is wrong, and what to do about it.
    public let message: String

    /// How much of a line ``text`` keeps, in characters.
    static let longestText = 200

    init(file: String, line: Int? = nil, text: ArraySlice<UInt8>? = nil, message: String) {
        self.file = file
        self.line = line
        self.text = text.map(Self.printable)
        self.message = message
    }

    /// `file:line: message: "text"`, without what is not known.
    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        let quotation = text.map { ": \"\($0)\"" } ?? ""
        return "\(place): \(message)\(quotation)"
    }

    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        var text = ""
        for byte in bytes.prefix(longestText) {
            if (0x20...0x7e).contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16)
                text += digits.utf8.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
            }
        }
        guard text.utf8.count > longestText || bytes.count > longestText else { return text }
        return text.prefix(longestText - 3) + "..."
    }
}

/// What is wrong with one line; the reader, which knows the file and the line's number, makes a ``TraceError`` of it.
struct LineFault: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }

    /// The line has none of the forms that strace writes.
    static let notStrace = LineFault("not a line that strace -f -ttt writes")
}
