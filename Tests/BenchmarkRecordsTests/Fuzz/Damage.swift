import SeededNumbers

/// What can happen to the parts of a results file: it stays a text of such parts, right or wrong.
enum PartDamage: CaseIterable {
    case oneValue, oneContextValue, contextKeyAppears, oneKey, valueOfACell, valueOfAll
    case keyAppears, keyDisappears, keyOfACellDisappears
    case rowAppears, rowDisappears, rowsDisappear, rowsAreExchanged, valuesAreExchanged, rowChangesItsCell
    case cellChangesItsName

    func strike(_ run: inout SampleRun, _ random: inout SplitMix) {
        guard !run.rows.isEmpty else { return }
        let row = random.below(run.rows.count)
        let other = random.below(run.rows.count)
        let member = random.below(run.rows[row].count)
        // Half of the strikes at values hit one that is compared.
        let compared = run.rows[row].count - 1 - random.below(min(4, run.rows[row].count))
        let target = random.below(2) == 0 ? member : compared
        let key = run.rows[row][target].key
        let cell = run.rows[row][0].value
        switch self {
        case .oneValue: run.rows[row][target].value = random.pick(Self.oddValues)
        case .oneContextValue:
            run.context[random.below(run.context.count)].value = random.pick(Self.oddValues)
        case .contextKeyAppears:
            run.context.append(.init(key: run.context[random.below(run.context.count)].key, value: "0"))
        case .oneKey: run.rows[row][target].key = random.pick(Self.oddKeys)
        case .valueOfACell: run.replace(key, by: random.pick(Self.oddValues)) { $0[0].value == cell }
        case .valueOfAll: run.replace(key, by: random.pick(Self.oddValues)) { _ in true }
        case .keyAppears:
            run.rows[row].append(.init(key: random.pick([key] + Self.oddKeys), value: random.pick(Self.oddValues)))
        case .keyDisappears: run.rows[row].remove(at: target)
        case .keyOfACellDisappears:
            for index in run.rows.indices where run.rows[index].first?.value == cell {
                run.rows[index].removeAll { $0.key == key }
            }
        case .rowAppears: run.rows.insert(run.rows[row], at: other)
        case .rowDisappears: run.rows.remove(at: row)
        case .rowsDisappear: run.rows.removeSubrange(min(row, other)..<max(row, other))
        case .rowsAreExchanged: run.rows.swapAt(row, other)
        case .valuesAreExchanged:
            guard target < run.rows[other].count else { return }
            (run.rows[row][target].value, run.rows[other][target].value) =
                (run.rows[other][target].value, run.rows[row][target].value)
        case .rowChangesItsCell: run.rows[row][0].value = run.rows[other][0].value
        case .cellChangesItsName:
            let name = random.pick(["\"\"", "\"storm\"", "\"\\u0007\"", run.rows[other][0].value])
            for index in run.rows.indices where run.rows[index].first?.value == cell {
                run.rows[index][0].value = name
            }
        }
    }

    /// Legal and not.
    private static let oddValues =
        [
            "NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "1e308", "-1e308", "1.7976931348623157e308",
            "1e-320", "-0", "-0.0", "0", "1", "-1", "1.5", "0.5e1", "1E+2", "01", "1.", ".5", "+1", "0x10", "1e",
            "-", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
            "100000000000000000000000000000000000000000", "null", "true", "false", "nul", "\"\"", "\"1\"",
            "\"a\\nb\"", "\"\\u0000\"", "\"\\u001b[2J\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\x\"", "\"",
            "{}", "[]", "{\"a\": {}}", "[[[]]]", "{\"a\": 1, \"a\": 2}", "[1,]", "", "\"s\"", "\"aggregate\"",
            "\"iteration\"", "\"ms\"",
        ] + [99, 100, 5000].map { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }

    private static let oddKeys = [
        "\"\"", "\"x\"", "\"name\"", "\"run_name\"", "\"real_time\"", "\"time_unit\"", "\"aggregate_name\"",
        "\"aggregate_unit\"", "\"error_occurred\"", "\"faults_per_second\"", "\"core_round_trip_ns\"", "\"a\\u000ab\"",
        "\"\\u0000\"", "name", "1", "null", "\"open", "{}",
    ]
}

extension SampleRun {
    fileprivate mutating func replace(_ key: String, by value: String, where isHit: ([Member]) -> Bool) {
        for row in rows.indices where !rows[row].isEmpty && isHit(rows[row]) {
            for member in rows[row].indices where rows[row][member].key == key { rows[row][member].value = value }
        }
    }
}

/// What can happen to the bytes of any file.
enum ByteDamage: CaseIterable {
    case cut, bitFlips, byteAppears, byteDisappears, rangeDisappears, rangeIsDoubled, rangesAreExchanged, digitChanges
    case oddBytesAppear, linesEndAsOnWindows, marked, allDisappears

    func strike(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        // Half of the strikes hit the beginning, where the document says what it is.
        let position = random.below(random.below(2) == 0 ? min(200, bytes.count) : bytes.count)
        let end = min(bytes.count, position + 1 + random.below(random.below(2) == 0 ? 20 : bytes.count))
        switch self {
        case .cut: bytes.removeSubrange(position...)
        case .bitFlips: bytes[position] ^= 1 << UInt8(random.below(8))
        case .byteAppears: bytes.insert(UInt8(random.below(256)), at: position)
        case .byteDisappears: bytes.remove(at: position)
        case .rangeDisappears: bytes.removeSubrange(position..<end)
        case .rangeIsDoubled: bytes.insert(contentsOf: bytes[position..<end], at: random.below(bytes.count))
        case .rangesAreExchanged:
            let range = Array(bytes[position..<end])
            bytes.removeSubrange(position..<end)
            bytes.insert(contentsOf: range, at: random.below(bytes.count + 1))
        case .digitChanges:
            let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
            guard let digit = bytes[position...].firstIndex(where: isDigit) else { return }
            bytes[digit] = UInt8(ascii: "0") + UInt8(random.below(10))
        case .oddBytesAppear: bytes.insert(contentsOf: random.pick(Self.oddBytes), at: position)
        case .linesEndAsOnWindows: bytes = bytes.flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
        case .marked: bytes.insert(contentsOf: [0xef, 0xbb, 0xbf], at: 0)
        case .allDisappears: bytes = []
        }
    }

    /// Not UTF-8, or not for a text.
    private static let oddBytes: [[UInt8]] = [
        [0], [1], [0x1b, 0x5b, 0x41], [0x7f], [0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
        [0xe2, 0x80, 0xa8], [0xc2, 0x85], Array(repeating: UInt8(ascii: "["), count: 5000),
        Array(repeating: UInt8(ascii: "\\"), count: 7), Array("\"a\":".utf8), Array(",".utf8), Array("}".utf8),
    ]
}

extension SplitMix {
    /// From 0 to below `count`, which is 1 or above.
    mutating func below(_ count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
