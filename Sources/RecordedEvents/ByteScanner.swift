/// Reads ASCII text from its front, piece by piece. Nothing here traps: what is not there is `nil` or `false`.
struct ByteScanner {
    private(set) var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    var isAtEnd: Bool { rest.isEmpty }

    /// Takes `literal` if the text goes on with it.
    mutating func skip(_ literal: StaticString) -> Bool {
        // Safety: a StaticString's bytes live as long as the program, and the buffer covers exactly them.
        let bytes = UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        guard rest.starts(with: bytes) else { return false }
        rest = rest.dropFirst(bytes.count)
        return true
    }

    /// Takes all spaces; whether there was one.
    mutating func skipSpaces() -> Bool { !take { $0 == UInt8(ascii: " ") }.isEmpty }

    /// Takes the longest front whose bytes all satisfy `isWanted`.
    mutating func take(_ isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = rest.prefix(while: isWanted)
        rest = rest[taken.endIndex...]
        return taken
    }

    /// Takes a decimal number without leading zeros; `nil` where there is none that fits.
    mutating func decimal() -> UInt64? {
        let digits = digits()
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return Self.number(digits, radix: 10)
    }

    /// Takes all decimal digits.
    mutating func digits() -> ArraySlice<UInt8> { take(Self.isDigit) }

    /// Takes exactly `count` decimal digits.
    mutating func digits(_ count: Int) -> UInt64? {
        let digits = digits()
        return digits.count == count ? Self.number(digits, radix: 10) : nil
    }

    /// The value of decimal digits; `nil` where there are none, or it does not fit.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt64? { number(digits, radix: 10) }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isHexadecimal(_ byte: UInt8) -> Bool { hexadecimalValue(byte) != nil }

    /// Takes a number as strace writes one: decimal, `0x` and hexadecimal, or `NULL` for 0.
    mutating func number() -> UInt64? {
        if skip("NULL") { return 0 }
        guard skip("0x") else { return decimal() }
        return Self.number(take { Self.hexadecimalValue($0) != nil }, radix: 16)
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard let next = hexadecimalValue(digit) else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: radix)
            let (sum, carried) = product.addingReportingOverflow(next)
            guard !overflowed, !carried else { return nil }
            value = sum
        }
        return value
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}
