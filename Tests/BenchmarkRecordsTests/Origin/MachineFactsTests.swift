import FactTrees
import Testing

@testable import BenchmarkRecords

extension FactTree {
    /// The facts of a tree that lives as long as it takes to read them.
    static func facts(_ files: [String: String]) throws -> MachineFacts {
        try with(files) { MachineFacts(root: $0) }
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
        #expect(facts.microcode == "0xd0003b9")
        #expect(facts.nodeDistances == "10 21 21; 21 10 21; 21 21 10")
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
        #expect(facts.microcode == nil)
        #expect(facts.nodeDistances == nil)
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

    @Test func aProcessorFileOfAnotherArchitectureLeavesItsFactsOut() throws {
        let facts = try FactTree.facts([
            "proc/cpuinfo": """
            vendor_id       : IBM/S390
            # processors    : 2
            bogomips per cpu: 3241.00
            features\t: esan3 zarch stfle msa
            cache0          : level=1 type=Data scope=Private size=128K line_size=256 associativity=8
            processor 0: version = FF,  identification = 123456,  machine = 2964
            processor 1: version = FF,  identification = 123456,  machine = 2964

            cpu number      : 0
            cpu MHz dynamic : 5000

            """
        ])
        #expect(facts.cpuModel == nil && facts.microcode == nil && facts.hypervisor == nil)
        #expect(facts.cpuRevision == "vendor_id IBM/S390")
        #expect(facts.machineID.hasPrefix("cpu-"))
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
                "proc/sys/kernel/hostname": "other\n",
                "proc/cmdline": "quiet isolcpus=1\n",
                "proc/meminfo": "MemTotal: 16770000 kB\n",
                "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 8380000 kB\n",
                "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
            ]) == name)
        let cpuInfo = try #require(FactTree.server["proc/cpuinfo"])
        #expect(
            try machineID(changing: ["proc/cpuinfo": cpuInfo.replacing("0xd0003b9", with: "0xd0003ff")]) == name)
    }

    /// Firmware may number the threads of a core side by side, or core after core.
    @Test func survivesAnotherNumbering() throws {
        let changes: [String: String] = (0..<8).reduce(into: [:]) { changes, cpu in
            let folder = "sys/devices/system/cpu/cpu\(cpu)/topology/"
            changes[folder + "physical_package_id"] = "\(cpu / 4)\n"
            changes[folder + "thread_siblings_list"] = "\(cpu / 2 * 2)-\(cpu / 2 * 2 + 1)\n"
        }
        #expect(try machineID(changing: changes) == machineID())
    }

    /// A part of the machine is no other machine.
    @Test func survivesTheLimitsOfAContainer() throws {
        #expect(
            try machineID(changing: [
                "proc/self/status": "Cpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n",
                "proc/self/cgroup": "0::/\n",
                "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup ro\n",
                "sys/fs/cgroup/cpuset.cpus.effective": "0-1\n",
                "sys/fs/cgroup/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/memory.max": "1073741824\n",
            ]) == machineID())
    }

    /// Half of the threads are gone, and each of the others has a core to itself: its results are of another kind.
    @Test func withoutItsSecondThreadsItIsAnotherMachine() throws {
        let changes: [String: String] = (0..<4).reduce(
            into: ["sys/devices/system/cpu/online": "0-3\n", "sys/devices/system/cpu/smt/control": "off\n"]
        ) { $0["sys/devices/system/cpu/cpu\($1)/topology/thread_siblings_list"] = "\($1)\n" }
        #expect(try machineID(changing: changes).hasPrefix("intel-xeon-platinum-8375c-2s4c4t-2n-"))
    }

    /// Computed from the facts of the machine that the results in this repository were measured on.
    @Test func theMachineOfTheStoredResultsKeepsItsFolder() throws {
        var files = [
            "proc/cpuinfo": """
            vendor_id\t: AuthenticAMD
            cpu family\t: 26
            model\t\t: 2
            model name\t: AMD EPYC
            stepping\t: 1
            """,
            "sys/devices/system/cpu/online": "0-1\n",
            "sys/devices/system/node/online": "0\n",
            "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 8349908 kB\n",
        ]
        for cpu in 0..<2 {
            files["sys/devices/system/cpu/cpu\(cpu)/topology/physical_package_id"] = "0\n"
            files["sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list"] = "\(cpu)\n"
        }
        #expect(try FactTree.facts(files).machineID == "amd-epyc-1s2c2t-1n-0416")
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
