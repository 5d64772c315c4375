import ArgumentParser

/// Reads the values of flags; each error says what was expected.
enum FlagValues {
    /// Nanoseconds, from a number with a unit: `250ms`, `1s`, `0.5s`.
    static func window(_ text: String) throws -> UInt64 {
        let units: [(suffix: String, nanoseconds: Double)] = [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let number = Double(text.dropLast(unit.suffix.count)) else { break }
            return try checkedWindow(number * unit.nanoseconds)
        }
        throw ValidationError("expected a number and a unit: 250ms, 1s, 500us")
    }

    /// Nanoseconds, from Google Benchmark's seconds: `0.25` or `0.25s`.
    static func minimumTime(_ text: String) throws -> UInt64 {
        guard let seconds = Double(text.hasSuffix("s") ? String(text.dropLast()) : text) else {
            throw ValidationError("expected seconds: 0.25 or 0.25s")
        }
        return try checkedWindow(seconds * 1e9)
    }

    private static func checkedWindow(_ nanoseconds: Double) throws -> UInt64 {
        guard nanoseconds >= 100_000, nanoseconds <= 3.6e12 else {
            throw ValidationError("expected 100us to 3600s")
        }
        return UInt64(nanoseconds.rounded())
    }

    /// Names, separated by commas.
    static func names(_ text: String) throws -> [String] {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains("") else { throw ValidationError("expected names separated by commas: mutex,rwlock") }
        return names
    }

    /// Thread counts from `lowest` to 256, separated by commas.
    static func threadCounts(_ text: String, from lowest: Int) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let count = Int(word), count >= lowest, count <= 256 else {
                throw ValidationError("expected thread counts from \(lowest) to 256 separated by commas: 1,2,4")
            }
            return count
        }
    }

    /// A time of 0 to one second, in nanoseconds.
    static func nanoseconds(_ text: String) throws -> UInt64 {
        guard let value = UInt64(text), value <= 1_000_000_000 else {
            throw ValidationError("expected whole nanoseconds from 0 to 1000000000")
        }
        return value
    }

    /// A trace's speed: 0 or above.
    static func speed(_ text: String) throws -> Double {
        guard let value = Double(text), value.isFinite, value >= 0 else {
            throw ValidationError("expected a factor of 0 (as fast as possible) or above")
        }
        return value
    }

    /// How often each cell is measured.
    static func repetitions(_ text: String) throws -> Int {
        guard let value = Int(text), (1...10_000).contains(value) else {
            throw ValidationError("expected a whole number from 1 to 10000")
        }
        return value
    }

    /// A boolean in any of Google Benchmark's spellings.
    static func truth(_ text: String) throws -> Bool {
        switch text.lowercased() {
        case "true", "t", "yes", "y", "on", "1": true
        case "false", "f", "no", "n", "off", "0": false
        default: throw ValidationError("expected true or false")
        }
    }

    /// Context lines, `key=value` separated by commas.
    static func context(_ text: String) throws -> [ContextLine] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { pair in
            guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
                throw ValidationError("expected key=value pairs separated by commas: branch=main,host=lab")
            }
            return ContextLine(key: String(pair[..<sign]), value: String(pair[pair.index(after: sign)...]))
        }
    }
}

/// One line of a results file's context.
struct ContextLine: Hashable, Sendable {
    var key: String
    var value: String
}
