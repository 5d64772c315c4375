import Foundation
import Testing

@testable import BenchmarkRecords

/// A folder that looks like `/` to `MachineFacts`.
final class FactTree {
    let root: String

    init(_ files: [String: String]) throws {
        root = NSTemporaryDirectory() + "facts-\(UUID().uuidString)"
        for (path, text) in files { try write(text, to: path) }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The facts of a tree that lives as long as it takes to read them.
    static func facts(_ files: [String: String]) throws -> MachineFacts {
        let tree = try FactTree(files)
        return withExtendedLifetime(tree) { MachineFacts(root: tree.root) }
    }

    private func write(_ text: String, to path: String) throws {
        let file = URL(fileURLWithPath: root + "/" + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Two sockets of two cores with two threads each, on a virtual machine.
    static var server: [String: String] {
        var files = [
            "proc/cpuinfo": """
            processor\t: 0
            vendor_id\t: GenuineIntel
            cpu family\t: 6
            model\t\t: 106
            model name\t: Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz
            stepping\t: 6
            microcode\t: 0xd0003b9
            flags\t\t: fpu vme hypervisor lahf_lm
            power management:

            processor\t: 1
            model name\t: another
            """,
            "proc/meminfo": "MemTotal:       16777216 kB\nMemFree: 1 kB\n",
            "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
            "sys/devices/system/cpu/online": "0-5,6,7\n",
            "sys/devices/system/cpu/smt/control": "on\n",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "kvm-clock\n",
            "sys/devices/system/node/online": "0-2\n",
            "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:        8388608 kB\nNode 0 MemFree: 1 kB\n",
            "sys/devices/system/node/node1/meminfo": "Node 1 MemTotal:        0 kB\n",
            "sys/devices/system/node/node2/meminfo": "Node 2 MemTotal:        4194304 kB\n",
            "sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
            "sys/class/dmi/id/product_name": "m6i.2xlarge\n",
        ]
        for cpu in 0..<8 {
            let folder = "sys/devices/system/cpu/cpu\(cpu)/"
            files[folder + "topology/physical_package_id"] = "\(cpu % 4 / 2)\n"
            files[folder + "topology/thread_siblings_list"] = "\(cpu % 4),\(cpu % 4 + 4)\n"
            files[folder + "cpufreq/scaling_governor"] = cpu == 3 ? "powersave\n" : "performance\n"
        }
        let caches = [("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "1280K")]
        for (index, cache) in caches.enumerated() {
            let folder = "sys/devices/system/cpu/cpu0/cache/index\(index)/"
            files[folder + "level"] = cache.0
            files[folder + "type"] = cache.1
            files[folder + "size"] = cache.2
        }
        return files
    }
}

@Suite struct MachineFactsTests {
    @Test func readsAServer() throws {
        let facts = try FactTree.facts(FactTree.server)
        #expect(facts.cpuModel == "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz")
        #expect(facts.cpuRevision == "vendor_id GenuineIntel, cpu family 6, model 106, stepping 6")
        #expect(facts.sockets == 2)
        #expect(facts.cores == 4)
        #expect(facts.threads == 8)
        #expect(facts.nodeMemory == [8 << 30, 4 << 30])
        #expect(facts.caches == "L1d 48K, L1i 32K, L2 1280K")
        #expect(facts.smt == "on")
        #expect(facts.governor == "performance, powersave")
        #expect(facts.clockSource == "kvm-clock")
        #expect(facts.hypervisor == "Amazon EC2 m6i.2xlarge")
        #expect(facts.kernel == "6.1.0-18-amd64")
        #expect(facts.memory == 16 << 30)
    }

    @Test func whatIsNotThereIsAbsent() throws {
        let facts = try FactTree.facts([:])
        #expect(facts.cpuModel == nil)
        #expect(facts.cpuRevision == nil)
        #expect(facts.sockets == nil)
        #expect(facts.cores == nil)
        #expect(facts.threads == nil)
        #expect(facts.nodeMemory == nil)
        #expect(facts.caches == nil)
        #expect(facts.smt == nil)
        #expect(facts.governor == nil)
        #expect(facts.clockSource == nil)
        #expect(facts.hypervisor == nil)
        #expect(facts.kernel == nil)
        #expect(facts.memory == nil)
        #expect(try FactTree.facts(["sys/devices/system/cpu/online": "0-x\n"]).threads == nil)
        #expect(try FactTree.facts(["sys/devices/system/cpu/online": "3-0\n"]).threads == nil)
    }

    @Test func aHypervisorIsNamedOnlyByWhatKnows() throws {
        func hypervisor(_ files: [String: String]) throws -> String? {
            try FactTree.facts(files).hypervisor
        }
        let dmi = ["sys/class/dmi/id/sys_vendor": "Dell Inc."]
        #expect(try hypervisor(dmi.merging(["proc/cpuinfo": "flags : fpu"]) { $1 }) == "none")
        #expect(try hypervisor(dmi) == nil)
        #expect(try hypervisor(["proc/cpuinfo": "flags : fpu hypervisor"]) == "unnamed")
        #expect(try hypervisor(["sys/hypervisor/type": "xen\n"]) == "xen")
    }

    @Test func armNamesItsProcessorByCodes() throws {
        let facts = try FactTree.facts([
            "proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\nCPU revision\t: 1\n"
        ])
        #expect(facts.cpuModel == "implementer 0x41 part 0xd0c")
        #expect(facts.cpuRevision == "CPU revision 1")
    }

    /// This machine has a `/proc`, whatever it says.
    @Test func readsTheMachineThatItRunsOn() {
        let facts = MachineFacts()
        #expect(facts.kernel != nil)
        #expect(facts.threads ?? 1 >= facts.cores ?? 1)
    }
}

@Suite struct MachineIDTests {
    private func machineID(changing changes: [String: String] = [:]) throws -> String {
        try FactTree.facts(FactTree.server.merging(changes) { $1 }).machineID
    }

    @Test func saysWhatTheMachineIs() throws {
        let name = try machineID()
        #expect(name.hasPrefix("intel-xeon-platinum-8375c-2s4c8t-2n-"))
        #expect(name.utf8.count == "intel-xeon-platinum-8375c-2s4c8t-2n-".utf8.count + 4)
        #expect(name.utf8.allSatisfy { Character(.init($0)).isLetter || Character(.init($0)).isNumber || $0 == 0x2d })
    }

    @Test func survivesARebootAndAnotherKernel() throws {
        let name = try machineID()
        #expect(
            try machineID(changing: [
                "proc/sys/kernel/osrelease": "6.12.1\n",
                "proc/meminfo": "MemTotal: 16770000 kB\n",
                "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 8380000 kB\n",
                "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
            ]) == name)
        let cpuInfo = try #require(FactTree.server["proc/cpuinfo"])
        #expect(
            try machineID(changing: ["proc/cpuinfo": cpuInfo.replacing("0xd0003b9", with: "0xd0003ff")]) == name)
    }

    @Test func changesWithTheHardware() throws {
        let cpuInfo = try #require(FactTree.server["proc/cpuinfo"])
        let names = [
            try machineID(),
            try machineID(changing: ["proc/cpuinfo": cpuInfo.replacing("8375C", with: "8375B")]),
            try machineID(changing: ["proc/cpuinfo": cpuInfo.replacing("stepping\t: 6", with: "stepping\t: 7")]),
            try machineID(changing: ["sys/devices/system/cpu/online": "0-3\n"]),
            try machineID(changing: ["sys/devices/system/node/online": "0\n"]),
            try machineID(
                changing: [2, 3, 6, 7].reduce(into: [:]) {
                    $0["sys/devices/system/cpu/cpu\($1)/topology/physical_package_id"] = "0\n"
                }),
        ]
        #expect(Set(names).count == names.count, "\(names)")
    }

    /// Stored values, their digits computed by a second program: the name must be the same in every later version, or
    /// results lose their machine.
    @Test func neverChangesItsFormula() throws {
        #expect(try machineID() == "intel-xeon-platinum-8375c-2s4c8t-2n-9703")
        #expect(try FactTree.facts([:]).machineID == "cpu-d4af")
    }
}
