import Testing

@testable import BenchmarkRecords

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("0", "0"), ("-0.5e+3", "-0.5e+3"), ("12", "12"), ("\"a\\u00e9\\ud83d\\ude00\\n\\/\"", "aé😀\n/"),
        (" [1 , [], {} , null,true,false ]\n", "[1,[],{},null,true,false]"),
        ("{\"b\": 1, \"a\": {\"c\": \"x\\\"\\\\\\u0001\"}}", "{\"b\":1,\"a\":{\"c\":\"x\\\"\\\\\\u0001\"}}"),
    ])
    func readsWhatIsJSON(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).text == expected)
    }

    @Test(arguments: [
        "", " ", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":1", "[", "\"a", "\"a\u{1}\"",
        "\"\\x\"", "\"\\u12\"", "\"\\u+123\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "01", "1.", ".5", "+1", "1e",
        "-", "NaN", "nan", "Infinity", "-inf", "1e999", "nul", "true1", "1 2", "{\"a\":1,\"a\":2}", "'a'", "\u{feff}1",
    ])
    func refusesWhatIsNot(text: String) {
        #expect(throws: JSONValue.SyntaxError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test func refusesBytesThatAreNotUTF8AndNestingWithoutEnd() {
        #expect(throws: JSONValue.SyntaxError.self) { try JSONValue(parsing: [0x22, 0xff, 0x22]) }
        let deep = Array(repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONValue.SyntaxError.self) { try JSONValue(parsing: deep) }
    }

    @Test func saysWhere() {
        #expect(throws: JSONValue.SyntaxError(line: 3, column: 4, reason: "not a JSON value")) {
            try JSONValue(parsing: Array("{\n\"a\":\n   x}".utf8))
        }
    }

    /// Strings are read eight bytes at a time: every length, what ends them and what is wrong in them at every place.
    @Test func stringsOfEveryLength() throws {
        for length in 0...40 {
            let plain = String(repeating: "a", count: length)
            for text in [plain, plain + "\n", plain + "é", plain + "\\", "\u{7f}" + plain, "\"" + plain] {
                let quoted = JSONValue.array([.string(text)]).text
                #expect(try JSONValue(parsing: Array(quoted.utf8)) == .array([.string(text)]))
            }
            for place in 0...length {
                var bytes = Array("\"\(plain)\"".utf8)
                #expect(throws: JSONValue.SyntaxError.self) { try JSONValue(parsing: Array(bytes.prefix(place + 1))) }
                for wrong in [0, 0x1f, 0x5c, 0x80, 0xff] as [UInt8] {
                    bytes.insert(wrong, at: place + 1)
                    #expect(throws: JSONValue.SyntaxError.self) { try JSONValue(parsing: bytes) }
                    bytes.remove(at: place + 1)
                }
            }
        }
    }

    @Test(arguments: 0...40)
    func readsNothingBehindTheEnd(length: Int) throws {
        let whole = Array("\"\(String(repeating: "a", count: length))\"".utf8)
        for end in whole.indices {
            // The closing quote lies behind the end of what may be read.
            whole.withUnsafeBufferPointer { bytes in
                var scanner = JSONScanner(UnsafeBufferPointer(rebasing: bytes[..<end]))
                #expect(throws: JSONValue.SyntaxError.self) { try scanner.skipValue() }
            }
        }
    }

    /// What is passed over is checked as what is read.
    @Test(arguments: [
        "0", "-0.5e+3", "1e99", "1e308", "1e-999", "\"a\\u00e9\"", "[1,[2]]", "{\"a\":{}}", "null", "true",
        "1e999", "01", "1.", "1e", "-", "1e309", "\"\\x\"", "\"\u{1}\"", "nul", "[1,]", "{\"a\":1,\"a\":2}", "",
    ])
    func skippingIsAsStrictAsReading(text: String) throws {
        let bytes = Array(text.utf8)
        let whole = Result { try JSONValue(parsing: bytes) }
        let skipped = bytes.withUnsafeBufferPointer { bytes in
            Result {
                var scanner = JSONScanner(bytes)
                try scanner.skipValue()
                try scanner.readEnd()
            }
        }
        switch (whole, skipped) {
        case (.success, .success): break
        case (.failure(let one), .failure(let other)):
            #expect(one as? JSONValue.SyntaxError == other as? JSONValue.SyntaxError)
        default: Issue.record("only one of them refuses it")
        }
    }
}
