import FactTrees
import Testing

@testable import BenchmarkRecords

@Suite struct MeasuredHostTests {
    private func hostID(_ machineID: String?) throws -> String? {
        try FactTree.with(machineID.map { ["etc/machine-id": $0] } ?? [:]) { MachineFacts.hostID(root: $0) }
    }

    @Test func theIDIsAShortHashOfTheMachineID() throws {
        let id = try hostID("0123456789abcdef0123456789abcdef\n")
        // Stored results name it: it must never change.
        #expect(id == "e1a8326c")
        #expect(try hostID("0123456789ABCDEF0123456789ABCDEF") == id)
        #expect(try hostID("0123456789abcdef0123456789abcdee") != id)
    }

    @Test(arguments: [nil, "", "uninitialized\n", "0123", "0123456789abcdef0123456789abcdeg"])
    func withoutAMachineIDThereIsNone(text: String?) throws {
        #expect(try hostID(text) == nil)
    }

    @Test func aNameStandsInItsPlace() throws {
        let build = BuildFacts(compiler: "c", buildType: "release")
        try FactTree.with(["etc/machine-id": "0123456789abcdef0123456789abcdef"]) { root in
            func host(_ name: String?) -> String? {
                Fingerprint(root: root, host: name, build: build).context.first { $0.key == "host_id" }?.value
            }
            #expect(host("node1") == "node1")
            #expect(host(nil) == "e1a8326c")
        }
        #expect(Fingerprint.reservedContextKeys.contains("host_id"))
    }

    private func hosts(_ contexts: (machine: String, host: String?)...) -> [String] {
        let contexts = contexts.map { context in
            ["machine_id": context.machine].merging(context.host.map { ["host_id": $0] } ?? [:]) { $1 }
        }
        return MeasuredHost.hosts(of: contexts).map(\.description)
    }

    @Test func hostsOfOneKindAreTold() {
        #expect(hosts(("m", "a"), ("m", "b"), ("m", "a")) == ["m (host a)", "m (host b)", "m (host a)"])
        #expect(hosts(("m", "a"), ("n", "a")) == ["m (host a)", "n (host a)"])
    }

    @Test func anOldFileGoesWithTheOnlyHostOfItsMachine() {
        #expect(hosts(("m", nil), ("m", nil)) == ["m", "m"])
        #expect(hosts(("m", nil), ("m", "a")) == ["m (host a)", "m (host a)"])
        #expect(hosts(("m", nil), ("m", "a"), ("m", "b")) == ["m", "m (host a)", "m (host b)"])
        #expect(hosts(("m", nil), ("n", "a")) == ["m", "n (host a)"])
        #expect(MeasuredHost.hosts(of: [[:]]).map(\.machine) == [nil])
    }
}
