import Foundation

/// Folders that look like `/` to what reads facts of a machine.
package enum FactTree {
    /// What `body` makes of the root of a folder with `files`, texts by path, that lives as long as it takes.
    package static func with<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("facts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try body(root.path)
    }

    /// Two sockets of two cores with two threads each, on a virtual machine.
    package static var server: [String: String] {
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
            "sys/devices/system/node/node0/distance": "10 21 21\n",
            "sys/devices/system/node/node1/distance": "21 10 21\n",
            "sys/devices/system/node/node2/distance": "21 21 10\n",
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
