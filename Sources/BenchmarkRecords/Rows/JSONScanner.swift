import Glibc

/// Reads JSON from bytes, strictly by RFC 8259 and as fast as a folder of a thousand results files needs.
///
/// What is not wanted is checked all the same and then passed over: no text, number or tree is made of it. Where in the
/// text a fault lies is counted only when there is one.
///
/// Foundation's readers are no judge of a results file: on Linux they take a comma behind the last element, and a
/// message of theirs does not always say where the fault is.
struct JSONScanner {
    /// The whole text. Whoever makes a scanner keeps it alive and unchanged while the scanner is in use; every access
    /// below is preceded by a comparison of the position with ``end``.
    let bytes: UnsafeBufferPointer<UInt8>
    /// Behind the last byte.
    let end: Int
    /// The next byte to read.
    var position = 0
    private var depth = 0

    /// Deeper nesting is refused, so that a hostile file cannot overflow the stack.
    private static let deepest = 100

    /// Begins at the first of `bytes`.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        end = bytes.count
    }

    /// The next byte; `nil` at the end.
    @inline(__always)
    var current: UInt8? { position < end ? bytes[position] : nil }

    /// Goes to the next byte that is not white space.
    @inline(__always)
    mutating func skipWhitespace() {
        while position < end {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
            position += 1
        }
    }

    /// Passes white space, and `scalar` where that comes next.
    @inline(__always)
    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        skipWhitespace()
        return skipByte(scalar)
    }

    /// Passes `scalar` where it comes next.
    @inline(__always)
    mutating func skipByte(_ scalar: Unicode.Scalar) -> Bool {
        guard position < end, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    /// Passes `expected` where that comes next.
    @inline(__always)
    mutating func skipBytes(_ expected: UnsafeBufferPointer<UInt8>) -> Bool {
        // Both ranges are within their buffers.
        guard expected.count <= end - position,
            memcmp(bytes.baseAddress! + position, expected.baseAddress!, expected.count) == 0
        else { return false }
        position += expected.count
        return true
    }

    /// Passes `word` where it comes next.
    mutating func skipWord(_ word: StaticString) -> Bool {
        guard isNext(word) else { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    func isNext(_ word: StaticString) -> Bool { word.withUTF8Buffer { bytes[position...].starts(with: $0) } }

    /// Passes an object; `member` passes the value of each key, from the colon on, which has been passed.
    ///
    /// `key` passes a key, whose opening quote comes next, and gives what `member` is told of it.
    @inline(__always)
    mutating func readObject<Key>(
        key: (inout JSONScanner) throws(JSONValue.SyntaxError) -> Key,
        member: (inout JSONScanner, Key) throws(JSONValue.SyntaxError) -> Void
    ) throws(JSONValue.SyntaxError) {
        try enter()
        defer { depth -= 1 }
        if skip("}") { return }
        repeat {
            skipWhitespace()
            guard current == UInt8(ascii: "\"") else { throw error("a key in quotes is due") }
            let name = try key(&self)
            guard skip(":") else { throw error("a colon is due") }
            try member(&self, name)
        } while skip(",")
        guard skip("}") else { throw error("a comma or the end of the object is due") }
    }

    /// Passes an array; `element` passes each of its values.
    mutating func readArray(
        element: (inout JSONScanner) throws(JSONValue.SyntaxError) -> Void
    ) throws(JSONValue.SyntaxError) {
        try enter()
        defer { depth -= 1 }
        if skip("]") { return }
        repeat {
            try element(&self)
        } while skip(",")
        guard skip("]") else { throw error("a comma or the end of the array is due") }
    }

    /// Nothing but white space may follow.
    mutating func readEnd() throws(JSONValue.SyntaxError) {
        skipWhitespace()
        guard position == end else { throw error("text after the end of the document") }
    }

    /// What is wrong at the position.
    func error(_ reason: String) -> JSONValue.SyntaxError {
        let before = bytes[..<position]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return JSONValue.SyntaxError(
            line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: position - lineStart + 1, reason: reason)
    }

    /// Passes an opening bracket.
    private mutating func enter() throws(JSONValue.SyntaxError) {
        guard depth < Self.deepest else { throw error("nested too deep") }
        position += 1
        depth += 1
    }
}
