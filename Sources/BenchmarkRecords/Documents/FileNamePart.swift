/// A text that may stand as the name of a file or a folder and cannot lead out of the folder that it is in: a
/// baseline's name, a machine's id.
///
/// It has 1 to 100 ASCII letters, digits, `.`, `_` and `-`, and begins with a letter, a digit or `_`.
public struct FileNamePart: Hashable, Sendable, CustomStringConvertible {
    /// The text.
    public let description: String

    /// `nil` for any other text.
    public init?(_ text: String) {
        guard (1...100).contains(text.utf8.count), text.utf8.allSatisfy(Self.isLegal), !text.hasPrefix("."),
            !text.hasPrefix("-")
        else { return nil }
        description = text
    }

    private static func isLegal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
