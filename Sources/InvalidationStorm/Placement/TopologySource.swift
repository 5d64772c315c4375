/// Where a ``Topology`` comes from.
public enum TopologySource: Hashable, Sendable {
    /// The machine that this process runs on.
    case thisMachine
    /// A synthetic description in hwloc's words: `pack:2 [numa] core:4 pu:2`.
    case description(String)
    /// A file that hwloc exported: `lstopo machine.xml`.
    case file(path: String)

    /// A file where `text` ends in `.xml`, otherwise a description.
    public init(_ text: String) { self = text.hasSuffix(".xml") ? .file(path: text) : .description(text) }

    /// The most hardware threads that a description may have. hwloc builds what it is told, and takes minutes for 16,384
    /// in one level.
    static let descriptionLimit = 4096

    /// How many objects the counts of a description make, its last level's: the product of all. `nil` where they are
    /// too many to count.
    ///
    /// Reads what hwloc would: a level may follow the one before it without a space, its type may be left out, and its
    /// count is a number of C, which wraps around where it is negative.
    static func size(ofDescription text: String) -> Int? {
        // Memory in brackets and attributes in parentheses count nothing; nor do the digits of a type's name.
        let levels = text.replacing(/\[[^\]]*\]|\([^)]*\)/, with: " ")
        var size = 1
        for level in levels.matches(of: /[A-Za-z][^:\s]*:|(-?)(?:0[xX]([0-9A-Fa-f]+)|([0-9]+))/) {
            let (_, sign, hexadecimal, decimal) = level.output
            guard let sign else { continue }
            guard sign.isEmpty, let count = hexadecimal.map({ Int($0, radix: 16) }) ?? decimal.flatMap({ Int($0) })
            else { return nil }
            // hwloc may have taken a 0 for something else.
            let (product, overflow) = size.multipliedReportingOverflow(by: max(count, 1))
            if overflow { return nil }
            size = product
        }
        return size
    }
}

/// A topology that cannot be read: what, where, and what to do.
public struct TopologyError: Error, Hashable, CustomStringConvertible {
    /// One line: what would end it has U+FFFD in its place.
    public let description: String

    init(description: String) { self.description = String(description.map { $0.isNewline ? "\u{FFFD}" : $0 }) }
}
