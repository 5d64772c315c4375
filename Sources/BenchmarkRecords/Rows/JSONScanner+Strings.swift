extension JSONScanner {
    /// Reads a string, whose opening quote comes next.
    mutating func readString() throws(JSONValue.SyntaxError) -> String {
        let start = position
        if passPlainString() {
            // Between the quotes: `start + 1` is at most `position - 1`, the closing one.
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[(start + 1)..<(position - 1)]), as: UTF8.self)
        }
        return try readStringSlow()
    }

    /// Passes a string, whose opening quote comes next.
    @inline(__always)
    mutating func skipString() throws(JSONValue.SyntaxError) {
        if !passPlainString() { _ = try readStringSlow() }
    }

    /// Passes a string of printable ASCII without escapes, eight bytes at a time. Any other stays where it is: then the
    /// answer is false.
    @inline(__always)
    private mutating func passPlainString() -> Bool {
        var next = position + 1
        while next <= end - 8 {
            // In bounds by the line above; a load of any alignment.
            let word = UInt64(littleEndian: UnsafeRawPointer(bytes.baseAddress! + next).loadUnaligned(as: UInt64.self))
            let special = Self.specialBytes(in: word)
            if special != 0 {
                next += special.trailingZeroBitCount / 8
                guard bytes[next] == UInt8(ascii: "\"") else { return false }
                position = next + 1
                return true
            }
            next += 8
        }
        while next < end {
            let byte = bytes[next]
            if byte == UInt8(ascii: "\"") {
                position = next + 1
                return true
            }
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { return false }
            next += 1
        }
        return false
    }

    /// The top bit of the first byte in `word` that is a quote, a backslash, a control character or not ASCII; bits
    /// above that one may be wrong, since a subtraction borrows.
    @inline(__always)
    private static func specialBytes(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones * UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones * UInt64(UInt8(ascii: "\\")))
        let found =
            ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones * 0x20) & ~word)
            | word
        return found & (ones * 0x80)
    }

    /// Reads any string byte by byte.
    private mutating func readStringSlow() throws(JSONValue.SyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw error("a control character inside a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                text.append(contentsOf: String(try readEscape()).utf8)
            } else {
                text.append(byte)
            }
        }
        guard skipByte("\"") else { throw error("the text ends inside a string") }
        guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return string
    }

    private mutating func readEscape() throws(JSONValue.SyntaxError) -> Unicode.Scalar {
        let escapes: [(Unicode.Scalar, Unicode.Scalar)] = [
            ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{c}"), ("n", "\n"), ("r", "\r"),
            ("t", "\t"),
        ]
        for (letter, meaning) in escapes where skipByte(letter) { return meaning }
        guard skipByte("u") else { throw error("an unknown escape in a string") }
        let first = try readHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), skipByte("\\"), skipByte("u") else { throw error("half a surrogate pair") }
        let second = try readHexadecimal()
        guard UTF16.isTrailSurrogate(second) else { throw error("half a surrogate pair") }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func readHexadecimal() throws(JSONValue.SyntaxError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.first != UInt8(ascii: "+"),
            let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits are due") }
        position += 4
        return value
    }
}
