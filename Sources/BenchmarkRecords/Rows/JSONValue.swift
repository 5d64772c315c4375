/// A value read from JSON text, strictly by RFC 8259.
///
/// Foundation's readers are no judge of a results file: on Linux they take a comma behind the last element, and a
/// message of theirs does not always say where the fault is.
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
        var parser = JSONParser(text: text)
        self = try parser.parseDocument()
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

/// Reads one JSON document by recursive descent.
private struct JSONParser {
    let text: [UInt8]
    var position = 0
    var depth = 0

    /// Deeper nesting is refused, so that a hostile file cannot overflow the stack.
    static let deepest = 100

    init(text: [UInt8]) {
        self.text = text
    }

    mutating func parseDocument() throws(JSONValue.SyntaxError) -> JSONValue {
        let value = try parseValue()
        skipWhitespace()
        guard position == text.count else { throw error("text after the end of the document") }
        return value
    }

    private mutating func parseValue() throws(JSONValue.SyntaxError) -> JSONValue {
        skipWhitespace()
        guard let byte = current else { throw error("the text ends where a value is due") }
        switch byte {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default:
            for (word, value) in [("null", JSONValue.null), ("true", .bool(true)), ("false", .bool(false))]
            where text[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return value
            }
            throw error("not a JSON value")
        }
    }

    private mutating func parseObject() throws(JSONValue.SyntaxError) -> JSONValue {
        try enter()
        var members: [JSONValue.Member] = []
        var keys: Set<String> = []
        if skip("}") { return .object(leave(members)) }
        repeat {
            skipWhitespace()
            guard current == UInt8(ascii: "\"") else { throw error("a key in quotes is due") }
            let key = try parseString()
            guard keys.insert(key).inserted else { throw error("the key \"\(key)\" comes twice") }
            guard skip(":") else { throw error("a colon is due") }
            members.append(JSONValue.Member(key: key, value: try parseValue()))
        } while skip(",")
        guard skip("}") else { throw error("a comma or the end of the object is due") }
        return .object(leave(members))
    }

    private mutating func parseArray() throws(JSONValue.SyntaxError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if skip("]") { return .array(leave(elements)) }
        repeat {
            elements.append(try parseValue())
        } while skip(",")
        guard skip("]") else { throw error("a comma or the end of the array is due") }
        return .array(leave(elements))
    }

    private mutating func parseNumber() throws(JSONValue.SyntaxError) -> JSONValue {
        let start = position
        _ = skipByte("-")
        if !skipByte("0") { try skipDigits() }
        if skipByte(".") { try skipDigits() }
        if skipByte("e") || skipByte("E") {
            if !skipByte("+") { _ = skipByte("-") }
            try skipDigits()
        }
        let written = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Double(written), value.isFinite else { throw error("the number \(written) is too large") }
        return .number(value, text: written)
    }

    private mutating func parseString() throws(JSONValue.SyntaxError) -> String {
        position += 1
        var bytes: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw error("a control character inside a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: String(try parseEscape()).utf8)
            } else {
                bytes.append(byte)
            }
        }
        guard skipByte("\"") else { throw error("the text ends inside a string") }
        guard let string = String(validating: bytes, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return string
    }

    private mutating func parseEscape() throws(JSONValue.SyntaxError) -> Unicode.Scalar {
        let escapes: [(Unicode.Scalar, Unicode.Scalar)] = [
            ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{c}"), ("n", "\n"), ("r", "\r"),
            ("t", "\t"),
        ]
        for (letter, meaning) in escapes where skipByte(letter) { return meaning }
        guard skipByte("u") else { throw error("an unknown escape in a string") }
        let first = try parseHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), skipByte("\\"), skipByte("u") else { throw error("half a surrogate pair") }
        let second = try parseHexadecimal()
        guard UTF16.isTrailSurrogate(second) else { throw error("half a surrogate pair") }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func parseHexadecimal() throws(JSONValue.SyntaxError) -> UInt16 {
        let digits = text[position...].prefix(4)
        guard digits.count == 4, digits.first != UInt8(ascii: "+"),
            let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits are due") }
        position += 4
        return value
    }

    private var current: UInt8? { position < text.count ? text[position] : nil }

    private mutating func enter() throws(JSONValue.SyntaxError) {
        guard depth < Self.deepest else { throw error("nested too deep") }
        position += 1
        depth += 1
    }

    private mutating func leave<Contents>(_ contents: Contents) -> Contents {
        depth -= 1
        return contents
    }

    private mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { position += 1 }
    }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        skipWhitespace()
        return skipByte(scalar)
    }

    private mutating func skipByte(_ scalar: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func skipDigits() throws(JSONValue.SyntaxError) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw error("a digit is due") }
    }

    private func error(_ reason: String) -> JSONValue.SyntaxError {
        let before = text[..<position]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return JSONValue.SyntaxError(
            line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: position - lineStart + 1, reason: reason)
    }
}
