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
    static func size(ofDescription text: String) -> Int? {
        // Memory in brackets and attributes in parentheses count nothing.
        let levels = text.replacing(/\[[^\]]*\]|\([^)]*\)/, with: " ").split(separator: " ")
        var size = 1
        for level in levels {
            // What is no count is hwloc's to refuse.
            guard let count = Int(level.split(separator: ":").last ?? "") else { continue }
            let (product, overflow) = size.multipliedReportingOverflow(by: count)
            if overflow { return nil }
            size = product
        }
        return size
    }
}

/// A topology that cannot be read: what, where, and what to do.
public struct TopologyError: Error, Hashable, CustomStringConvertible {
    /// One line.
    public let description: String
}
