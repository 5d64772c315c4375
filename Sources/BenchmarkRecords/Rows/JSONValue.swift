/// A value read from JSON text, strictly by RFC 8259.
enum JSONValue: Equatable {
    case null
    case bool(Bool)
    /// A finite number, and the text it was written as.
    case number(Double, text: String)
    case string(String)
    case array([JSONValue])
    /// The members in the order of the text; no key comes twice.
    case object([Member])

    struct Member: Equatable {
        let key: String
        let value: JSONValue
    }

    /// Where and why a text is not JSON; line and column count from 1, the column in bytes.
    struct SyntaxError: Error, Equatable {
        let line: Int
        let column: Int
        let reason: String
    }

    init(parsing text: [UInt8]) throws(SyntaxError) {
        // The scanner is used inside of the closure, where the buffer is valid.
        self = try text.withUnsafeBufferPointer { (bytes) throws(SyntaxError) in
            var scanner = JSONScanner(bytes)
            let value = try scanner.readValue()
            try scanner.readEnd()
            return value
        }
    }

    /// The member of that name; `nil` where there is none or this is no object.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The value as one line of text: scalars bare, the others as JSON.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(_, let text): text
        case .string(let value): value
        case .array(let elements): "[" + elements.map(\.quoted).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { JSONValue.string($0.key).quoted + ":" + $0.value.quoted }.joined(separator: ",") + "}"
        }
    }

    private var quoted: String {
        guard case .string(let value) = self else { return text }
        let escaped = value.unicodeScalars.map { scalar in
            if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
            if scalar.value >= 0x20 { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"" + escaped.joined() + "\""
    }
}

extension JSONScanner {
    /// Reads a value of any kind.
    mutating func readValue() throws(JSONValue.SyntaxError) -> JSONValue {
        skipWhitespace()
        switch current {
        case nil: throw error("the text ends where a value is due")
        case UInt8(ascii: "{"): return .object(try readMembers())
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try readArray { (scanner) throws(JSONValue.SyntaxError) in elements.append(try scanner.readValue()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?:
            let (value, text) = try readNumber()
            return .number(value, text: text)
        default:
            if skipWord("null") { return .null }
            if skipWord("true") { return .bool(true) }
            if skipWord("false") { return .bool(false) }
            for word in ["NaN", "nan", "Infinity", "inf"] as [StaticString] where isNext(word) {
                throw error("not a JSON value: \(word) is none of its numbers; leave out the counter that has no value")
            }
            throw error("not a JSON value")
        }
    }

    /// Passes a value of any kind.
    @inline(__always)
    mutating func skipValue() throws(JSONValue.SyntaxError) {
        skipWhitespace()
        switch current {
        case UInt8(ascii: "\""): try skipString()
        case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?: try skipNumber()
        default: _ = try readValue()
        }
    }

    /// Reads a key, whose opening quote comes next, and adds it to `keys`, which must not hold it.
    mutating func readKey(unlike keys: inout Set<String>) throws(JSONValue.SyntaxError) -> String {
        let key = try readString()
        guard keys.insert(key).inserted else { throw error("the key \"\(key)\" comes twice") }
        return key
    }

    private mutating func readMembers() throws(JSONValue.SyntaxError) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var keys: Set<String> = []
        try readObject { (scanner) throws(JSONValue.SyntaxError) in
            try scanner.readKey(unlike: &keys)
        } member: { (scanner, key) throws(JSONValue.SyntaxError) in
            members.append(JSONValue.Member(key: key, value: try scanner.readValue()))
        }
        return members
    }
}
