extension JSONScanner {
    /// Reads a number, which begins at the position; it must be finite as a double.
    mutating func readNumber() throws(JSONValue.SyntaxError) -> (value: Double, text: String) {
        let start = position
        _ = try passNumber()
        return try number(from: start)
    }

    /// Passes a number, which begins at the position; it must be finite as a double.
    @inline(__always)
    mutating func skipNumber() throws(JSONValue.SyntaxError) {
        let start = position
        if try !passNumber() { _ = try number(from: start) }
    }

    /// Passes what has the form of a number. Whether it is finite beyond doubt: below 10 to the power of 300.
    @inline(__always)
    private mutating func passNumber() throws(JSONValue.SyntaxError) -> Bool {
        _ = skipByte("-")
        let start = position
        if !skipByte("0") { try passDigits() }
        let wholeDigits = position - start
        if skipByte(".") { try passDigits() }
        guard position < end, bytes[position] | 0x20 == UInt8(ascii: "e") else { return wholeDigits < 300 }
        position += 1
        if !skipByte("+") { _ = skipByte("-") }
        let exponent = position
        try passDigits()
        return position - exponent <= 2 && wholeDigits < 200
    }

    @inline(__always)
    private mutating func passDigits() throws(JSONValue.SyntaxError) {
        let start = position
        while position < end, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw error("a digit is due") }
    }

    private func number(from start: Int) throws(JSONValue.SyntaxError) -> (value: Double, text: String) {
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw error("the number \(text) is too large") }
        return (value, text)
    }
}
