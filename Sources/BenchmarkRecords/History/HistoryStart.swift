import Foundation

/// From where on a history is looked at.
public enum HistoryStart: Sendable {
    /// From this moment on.
    case date(Date)
    /// From the first run of this commit on: at least four hexadecimal digits.
    case commit(String)

    /// Reads a date such as `2026-11-01` (from its beginning in UTC), a time such as `2026-11-01T12:00:00Z`, or the
    /// beginning of a commit's hash; `nil` for anything else.
    public init?(_ text: String) {
        if let date = Self.date(text) ?? Self.date(text + "T00:00:00Z") {
            self = .date(date)
        } else if (4...40).contains(text.utf8.count), text.utf8.allSatisfy(Self.isHexadecimal) {
            self = .commit(text.lowercased())
        } else {
            return nil
        }
    }

    /// A moment written as ISO 8601 has it, with its time zone.
    static func date(_ text: String) -> Date? { try? Date(text, strategy: .iso8601) }

    private static func isHexadecimal(_ digit: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(digit | 0x20)
    }
}

/// Why a history cannot begin there.
public struct HistoryStartError: Error, CustomStringConvertible {
    /// What is wrong, and what there is instead.
    public let description: String
}
