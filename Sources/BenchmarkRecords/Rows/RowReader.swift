/// Reads the elements of `benchmarks` one after the other.
///
/// The rows of a file have nearly the same keys in the same order. So the key that followed another one last time is
/// compared with the bytes in place first, and only where that fails the key is read and looked up.
struct RowReader {
    private let path: String
    /// The counters to keep; `nil` for all.
    private let wanted: Set<String>?
    private var keys: [KnownKey] = []
    private var indices: [String: Int] = [:]
    /// How many elements have been begun.
    private var count = 0

    /// A key that some element of the file had.
    private struct KnownKey {
        let name: String
        let use: Use
        /// As it stands in the text, with its quotes.
        let bytes: UnsafeBufferPointer<UInt8>
        /// The last element that had it, counted from 1.
        var element: Int
        /// The key that followed it last time; the first one follows the last.
        var follower = 0
    }

    /// What a value is for.
    private enum Use {
        /// The row itself.
        case own(RowValues.Field)
        case counter
        case none
    }

    /// Numbers with these keys belong to the row, too, and are of no use.
    private static let idleKeys: Set<String> = ["family_index", "per_family_instance_index", "threads"]

    /// For the file at `path`, which is named in errors, with only the `wanted` counters, or all.
    init(path: String, wanted: Set<String>?) {
        self.path = path
        self.wanted = wanted
    }

    /// Reads the next element: what it comes to, or what is wrong with it although it is JSON.
    mutating func readRow(
        _ scanner: inout JSONScanner
    ) throws(JSONValue.SyntaxError) -> Result<RowValues.Outcome, ResultsFileError> {
        let place = "benchmarks[\(count)]"
        count += 1
        scanner.skipWhitespace()
        guard scanner.current == UInt8(ascii: "{") else {
            _ = try scanner.readValue()
            return .failure(ResultsFileError(path: path, place: place, reason: "not an object"))
        }
        var values = RowValues(path: path, place: place)
        var previous: Int?
        try scanner.readObject { (scanner) throws(JSONValue.SyntaxError) in
            let index = try readKey(&scanner, after: previous)
            previous = index
            return index
        } member: { (scanner, index) throws(JSONValue.SyntaxError) in
            switch keys[index].use {
            case .own(let field): values.own[field] = try scanner.readScalar()
            case .counter:
                if case .number(let value) = try scanner.readScalar() { values.counters[keys[index].name] = value }
            case .none: try scanner.skipValue()
            }
        }
        do {
            return .success(try values.outcome())
        } catch {
            return .failure(error)
        }
    }

    /// Passes a key and finds it among those that are known.
    @inline(__always)
    private mutating func readKey(
        _ scanner: inout JSONScanner, after previous: Int?
    ) throws(JSONValue.SyntaxError) -> Int {
        let expected = previous.map { keys[$0].follower } ?? 0
        let start = scanner.position
        let index: Int
        if expected < keys.count, scanner.skipBytes(keys[expected].bytes) {
            index = expected
        } else {
            let name = try scanner.readString()
            let bytes = UnsafeBufferPointer(rebasing: scanner.bytes[start..<scanner.position])
            index = known(name, bytes: bytes)
            if let previous { keys[previous].follower = index }
        }
        guard keys[index].element != count else { throw scanner.error("the key \"\(keys[index].name)\" comes twice") }
        keys[index].element = count
        return index
    }

    private mutating func known(_ name: String, bytes: UnsafeBufferPointer<UInt8>) -> Int {
        if let index = indices[name] { return index }
        let isIdle = Self.idleKeys.contains(name) || wanted.map { !$0.contains(name) } ?? false
        let use = RowValues.Field(rawValue: name).map(Use.own) ?? (isIdle ? .none : .counter)
        keys.append(KnownKey(name: name, use: use, bytes: bytes, element: 0))
        indices[name] = keys.count - 1
        return keys.count - 1
    }
}
