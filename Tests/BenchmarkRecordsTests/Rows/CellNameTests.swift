import Testing

@testable import BenchmarkRecords

@Suite struct CellNameTests {
    @Test func writesThePlainNameAndThenWhatIsNotDefault() throws {
        let plain = try #require(CellName(guardName: "ck-rwlock", scenario: "storm", faulters: 8, invalidators: 4))
        #expect(plain.description == "storm/ck-rwlock/storm/faulters:8/invalidators:4")
        let changed = try #require(
            CellName(
                guardName: "rwlock", scenario: "trace:redis", faulters: 1, invalidators: 1,
                parameters: [.init(key: "walk", value: "1000ns"), .init(key: "speed", value: "2")]))
        #expect(changed.description == "storm/rwlock/trace:redis/faulters:1/invalidators:1/walk:1000ns/speed:2")
    }

    @Test(arguments: [
        "storm/adaptive/calm/faulters:2/invalidators:0",
        "storm/adaptive/trace:redis/faulters:1/invalidators:1/speed:2",
        "storm/adaptive/trace:a: \"b\", 'c' (1)%é\u{301}/faulters:1/invalidators:1",
        "storm/m/faulters:1/faulters:1/invalidators:1/pairing:call-all/walk:a:b",
        // The slash and the mark behind it are one character, but two scalars.
        "storm/m/\u{301}trace/faulters:12/invalidators:3",
    ])
    func readsBackWhatItWrote(text: String) throws {
        let name = try #require(CellName(text))
        #expect(Array(name.description.utf8) == Array(text.utf8))
        #expect(CellName(name.description) == name)
    }

    @Test func namesEveryPart() throws {
        let name = try #require(CellName("storm/kvm/trace:a:b/faulters:2/invalidators:3/walk:1000ns/pairing:call-all"))
        #expect(name.guardName == "kvm")
        #expect(name.scenario == "trace:a:b")
        #expect(name.faulters == 2)
        #expect(name.invalidators == 3)
        #expect(
            name.parameters == [.init(key: "walk", value: "1000ns"), .init(key: "pairing", value: "call-all")])
    }

    @Test(arguments: [
        "", "storm", "BM_fill/8/threads:2",
        "storm/kvm/storm/faulters:1",
        "calm/kvm/storm/faulters:1/invalidators:1",
        "storm//storm/faulters:1/invalidators:1",
        "storm/kvm//faulters:1/invalidators:1",
        "storm/kvm/storm/faulters:0/invalidators:1",
        "storm/kvm/storm/faulters:01/invalidators:1",
        "storm/kvm/storm/faulters:+1/invalidators:1",
        "storm/kvm/storm/faulters:1/invalidators:-1",
        "storm/kvm/storm/invalidators:1/faulters:1",
        "storm/kvm/storm/faulters:1/invalidators:1/",
        "storm/kvm/storm/faulters:1/invalidators:1/walk",
        "storm/kvm/storm/faulters:1/invalidators:1/walk:",
        "storm/kvm/storm/faulters:1/invalidators:1/:1",
        "storm/kvm/storm/faulters:1/invalidators:1/Walk:1",
        "storm/kvm/storm/faulters:1/invalidators:1/faulters:2",
        "storm/kvm/storm/faulters:1/invalidators:1/walk:1/walk:2",
        "storm/kvm/storm/faulters:1/invalidators:1/iterations:1/manual_time",
        "storm/kvm/trace:a\nb/faulters:1/invalidators:1",
        "storm/kvm/trace:a\u{85}b/faulters:1/invalidators:1",
    ])
    func refusesWhatIsNoCell(text: String) {
        #expect(CellName(text) == nil)
    }

    @Test func refusesPartsThatWouldMakeTwoCellsShareAName() {
        #expect(CellName(guardName: "a/b", scenario: "storm", faulters: 1, invalidators: 1) == nil)
        // A combining mark makes one character with the slash, but the bytes still hold the slash.
        #expect(CellName(guardName: "a", scenario: "trace:x/\u{301}y", faulters: 1, invalidators: 1) == nil)
        #expect(!CellName.isLegal(part: ""))
        #expect(!CellName.isLegal(part: "a\u{0}b"))
        #expect(CellName.isLegal(part: "trace:what ever"))
    }
}
