/// The name of one cell of the benchmark: which guard met which work on how many threads.
///
/// In files, on the console and in filters it is written
/// `storm/<guard>/<scenario>/faulters:<n>/invalidators:<m>`, or `live/` and the same for work on real memory; what is not
/// default follows as `/key:value`, in the order given: `storm/adaptive/storm/faulters:1/invalidators:1/walk:1000ns`. Two different cells never share a name,
/// and parsing the text gives the same cell back.
///
/// What is legal:
/// - guard, scenario and parameter values: any text that is not empty and holds neither `/` nor a control character
///   (Google Benchmark writes control characters into its JSON unescaped). Colons, spaces, quotes and letters beyond
///   ASCII are fine, so a scenario may be `trace:my "odd" file`;
/// - parameter keys: lower-case ASCII letters, digits and `-`, each key at most once, never `faulters` or
///   `invalidators`;
/// - faulters: 1 or above; invalidators: 0 or above; both without sign or leading zeros.
///
/// A parameter belongs to the guard or to the work. Guards that met the same work are compared, whatever parameters
/// they had: `storm/stripe-mutex/storm/faulters:1/invalidators:1/stripe:64KiB` and
/// `storm/kvm/storm/faulters:1/invalidators:1` are of one workload.
public struct CellName: Hashable, Sendable, CustomStringConvertible {
    /// What the work is on; the raw value stands in front of the name.
    public enum Kind: String, Sendable {
        /// Pages that are words in a table.
        case storm
        /// Real memory.
        case live
    }

    /// One setting of the cell that is not default, such as `walk:1000ns`.
    public struct Parameter: Hashable, Sendable {
        /// Which setting: `walk`, `change`, `fault-rate`, `invalidation-rate`, `arrivals`, `pairing`, `speed`, or one
        /// of the guard's.
        public let key: String
        /// Its value with its unit, such as `1000ns`; a rate is a plain number of operations a second.
        public let value: String

        /// A setting and its value; whether both are legal is checked when the cell is named.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        /// The keys of the parameters that belong to a guard.
        public static let guardKeys: Set<String> = ["stripe", "wide-bound", "bias-budget"]

        /// Whether it belongs to the guard and not to the work.
        var isOfGuard: Bool { Self.guardKeys.contains(key) }
    }

    /// What stands for the guard where the kernel alone works on real memory.
    public static let kernel = "kernel"

    /// What the work is on.
    public let kind: Kind
    /// The guard under test.
    public let guardName: String
    /// The pattern of invalidations; `trace:<name>` for a recorded program.
    public let scenario: String
    /// Threads that fault, 1 or above.
    public let faulters: Int
    /// Threads that invalidate, 0 or above.
    public let invalidators: Int
    /// What is not default, in the order in which it is written.
    public let parameters: [Parameter]

    /// Names a cell; `nil` when one of the parts is not legal.
    public init?(
        kind: Kind = .storm, guardName: String, scenario: String, faulters: Int, invalidators: Int,
        parameters: [Parameter] = []
    ) {
        let keys = parameters.map(\.key)
        guard Self.isLegal(part: guardName), Self.isLegal(part: scenario), faulters >= 1, invalidators >= 0,
            keys.allSatisfy(Self.isLegal(key:)), parameters.allSatisfy({ Self.isLegal(part: $0.value) }),
            Set(keys).count == keys.count
        else { return nil }
        self.kind = kind
        self.guardName = guardName
        self.scenario = scenario
        self.faulters = faulters
        self.invalidators = invalidators
        self.parameters = parameters
    }

    /// Reads a name; `nil` when the text is not the name of a cell, as the names of other benchmarks are not.
    public init?(_ text: String) {
        // Scalars, not characters: a combining mark behind a slash or a colon would hide it.
        let parts = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 5, let kind = Kind(rawValue: parts[0]),
            let faulters = Self.count(in: parts[3], labelled: "faulters"),
            let invalidators = Self.count(in: parts[4], labelled: "invalidators")
        else { return nil }
        var parameters: [Parameter] = []
        for part in parts[5...] {
            guard let (key, value) = Self.labelAndValue(part) else { return nil }
            parameters.append(Parameter(key: key, value: value))
        }
        self.init(
            kind: kind, guardName: parts[1], scenario: parts[2], faulters: faulters, invalidators: invalidators,
            parameters: parameters)
    }

    /// The name as it stands in files and filters.
    public var description: String {
        let plain = "\(kind.rawValue)/\(guardName)/\(scenario)/faulters:\(faulters)/invalidators:\(invalidators)"
        return parameters.reduce(plain) { $0 + "/\($1.key):\($1.value)" }
    }

    /// Whether `text` may be the name of a guard or a scenario, or the value of a parameter.
    public static func isLegal(part text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0 != "/" && $0.properties.generalCategory != .control }
    }

    private static func isLegal(key: String) -> Bool {
        !key.isEmpty && key != "faulters" && key != "invalidators"
            && key.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }

    private static func labelAndValue(_ part: String) -> (label: String, value: String)? {
        let scalars = part.unicodeScalars
        guard let colon = scalars.firstIndex(of: ":") else { return nil }
        return (String(scalars[..<colon]), String(scalars[scalars.index(after: colon)...]))
    }

    private static func count(in part: String, labelled label: String) -> Int? {
        guard let (found, digits) = labelAndValue(part), found == label, let count = Int(digits),
            String(count) == digits
        else { return nil }
        return count
    }
}
