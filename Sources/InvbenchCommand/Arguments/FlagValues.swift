import ArgumentParser
import BenchmarkRecords
import InvalidationStorm
import NotifierDispatch

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

    /// A host's name.
    static func host(_ text: String) throws -> String {
        guard FileNamePart(text) != nil else {
            throw ValidationError("expected 1 to 100 letters, digits, '.', '_' and '-', the first no '.' or '-'")
        }
        return text
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

    /// How many threads serve faults in user space: 1 to 64.
    static func handlers(_ text: String) throws -> Int {
        guard let count = Int(text), (1...64).contains(count) else {
            throw ValidationError("expected a number of threads from 1 to 64")
        }
        return count
    }

    /// A time of 0 to one second, in nanoseconds.
    static func nanoseconds(_ text: String) throws -> UInt64 {
        guard let value = UInt64(text), value <= 1_000_000_000 else {
            throw ValidationError("expected whole nanoseconds from 0 to 1000000000")
        }
        return value
    }

    /// How many pages there are: a power of two from 1 to 2^24.
    static func pages(_ text: String) throws -> Int { try pages(text, atMost: 1 << 24) }

    /// How many pages a fault fills in: a power of two from 1 to 65,536.
    static func pagesPerFault(_ text: String) throws -> Int { try pages(text, atMost: 65_536) }

    private static func pages(_ text: String, atMost most: Int) throws -> Int {
        guard let pages = Int(text), (1...most).contains(pages), pages.nonzeroBitCount == 1 else {
            throw ValidationError("expected a power of two from 1 to \(most): 16, 512")
        }
        return pages
    }

    /// How many subscriptions there are: 0 to a million.
    static func subscriptions(_ text: String) throws -> Int {
        guard let count = Int(text), (0...1_000_000).contains(count) else {
            throw ValidationError("expected a whole number from 0 to 1000000")
        }
        return count
    }

    /// Machines, by cores or cores and nodes, separated by commas.
    static func virtualMachines(_ text: String) throws -> [VirtualMachine] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            let numbers = word.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(numbers.count), let cores = numbers[0],
                let nodes = numbers.count == 1 ? 1 : numbers[1],
                let machine = VirtualMachine(cores: cores, nodes: nodes)
            else {
                throw ValidationError(
                    "expected cores from 2 to \(VirtualMachine.mostCores), or cores/nodes with 1 to "
                        + "\(VirtualMachine.mostNodes) nodes, separated by commas: 2,16,64/2")
            }
            return machine
        }
    }

    /// A stripe's size, from bytes in binary units: `64KiB`, `2MiB`, `1GiB`.
    static func stripeSize(_ text: String) throws -> StripeSize {
        let units: [(suffix: String, pages: Double)] = [("KiB", 0.25), ("MiB", 256), ("GiB", 262_144)]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let number = Int(text.dropLast(unit.suffix.count)), (1...1_073_741_824).contains(number),
                let pages = Int(exactly: Double(number) * unit.pages), pages <= 1 << 28,
                let size = StripeSize(pages: pages)
            else { break }
            return size
        }
        throw ValidationError("expected a power of two from 4KiB to 1024GiB: 64KiB, 2MiB, 1GiB")
    }

    /// A number of stripes: 0 or above.
    static func wideBound(_ text: String) throws -> Int {
        guard let value = Int(text), value >= 0 else { throw ValidationError("expected a whole number of 0 or above") }
        return value
    }

    /// Seconds, from a number with a unit: `90s`, `5m`, `1h`.
    static func budget(_ text: String) throws -> Double {
        let units: [(suffix: Character, seconds: Double)] = [("s", 1), ("m", 60), ("h", 3600)]
        guard let unit = units.first(where: { $0.suffix == text.last }), let number = Double(text.dropLast()),
            (1...86_400).contains(number * unit.seconds)
        else { throw ValidationError("expected 1s to 24h: 90s, 5m, 1h") }
        return number * unit.seconds
    }

    /// A part in per cent: `10%`, `0.5%`.
    static func percentage(_ text: String) throws -> Double {
        guard text.hasSuffix("%"), let value = Double(text.dropLast()), value > 0, value <= 100 else {
            throw ValidationError("expected more than 0% and at most 100%: 10%, 0.5%")
        }
        return value
    }

    /// The level of a test: a probability above 0 and below 1.
    static func level(_ text: String) throws -> Double {
        guard let value = Double(text), value > 0, value < 1 else {
            throw ValidationError("expected a probability above 0 and below 1: 0.01")
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

    /// Operations a second: `250`, `100k`, `1.5M`.
    static func rate(_ text: String) throws -> Double {
        let unit: Double =
            switch text.last {
            case "k": 1e3
            case "M": 1e6
            case "G": 1e9
            default: 1
            }
        guard let number = Double(unit == 1 ? text : String(text.dropLast())), (0.001...1e9).contains(number * unit)
        else { throw ValidationError("expected operations a second from 0.001 to 1G: 250, 100k, 1.5M") }
        return number * unit
    }

    /// How often each cell is measured.
    static func repetitions(_ text: String) throws -> Int {
        guard let value = Int(text), (1...10_000).contains(value) else {
            throw ValidationError("expected a whole number from 1 to 10000")
        }
        return value
    }

    /// How many runs a calibration makes.
    static func calibrationRuns(_ text: String) throws -> Int {
        guard let value = Int(text), (NoiseCalibration.fewestRuns...1000).contains(value) else {
            throw ValidationError("expected a whole number from \(NoiseCalibration.fewestRuns) to 1000")
        }
        return value
    }

    /// How often a noisy repetition may be measured again.
    static func retries(_ text: String) throws -> Int {
        guard let value = Int(text), (0...10).contains(value) else {
            throw ValidationError("expected a whole number from 0 to 10")
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

    /// A boolean, or `auto`.
    static func colours(_ text: String) throws -> ColourChoice {
        if text.lowercased() == "auto" { return .auto }
        guard let value = try? truth(text) else { throw ValidationError("expected auto, true or false") }
        return value ? .always : .never
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
