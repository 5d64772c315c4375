/// The host that results are of: its machine and, since hosts of one kind share a machine id, which of them it is.
public struct MeasuredHost: Hashable, Sendable, CustomStringConvertible {
    /// The machine's id; `nil` in files of other programs.
    public let machine: String?
    /// The host's own id, as ``MachineFacts/hostID`` or the user's `--host` made it; `nil` in files that are older than it.
    public let host: String?

    /// What a results file says of itself.
    public init(context: [String: String]) {
        machine = context["machine_id"]
        host = context["host_id"]
    }

    /// For a person: `amd-epyc-1s2c2t-1n-3f2a (host node1)`.
    public var description: String { (machine ?? "unknown") + (host.map { " (host \($0))" } ?? "") }

    /// The hosts of files with these `contexts`, one for each.
    ///
    /// A file that names no host counts as of the only host that others of its machine name. If they name several, it may be
    /// of any, and is of none of them.
    public static func hosts(of contexts: [[String: String]]) -> [MeasuredHost] {
        let stated = contexts.map { MeasuredHost(context: $0) }
        let named = Dictionary(grouping: Set(stated.filter { $0.host != nil }), by: \.machine)
        return stated.map { host in
            guard host.host == nil, let only = named[host.machine], only.count == 1 else { return host }
            return only[0]
        }
    }
}

extension MachineFacts {
    /// Eight hexadecimal digits that tell this host from others of its kind: a hash of `/etc/machine-id`, which it does not
    /// give away. `nil` if the host has none. Containers and clones of one image may share it.
    static func hostID(root: String) -> String? {
        guard let id = FactFiles(root: root).text("etc/machine-id"), id.utf8.count == 32, id.allSatisfy(\.isHexDigit)
        else { return nil }
        return ShortHash.of("invbench host " + id.lowercased(), digits: 8)
    }
}

/// Hexadecimal digits in the place of a longer text. They tell texts apart, and protect nothing from a search.
package enum ShortHash {
    /// The last 1 to 16 `digits` of FNV-1a in 64 bits, folded so that the low bits depend on all of it.
    package static func of(_ text: String, digits: Int) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let folded = String(hash ^ (hash >> 32) ^ (hash >> 16) ^ (hash >> 48), radix: 16)
        return String((String(repeating: "0", count: 16) + folded).suffix(digits))
    }
}
