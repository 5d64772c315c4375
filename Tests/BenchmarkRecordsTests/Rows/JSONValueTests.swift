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
}
