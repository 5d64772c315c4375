import FactTrees

/// Machines for the doctor to look at.
extension FactTree {
    /// A server without a hypervisor, whose owner has read the manual: two sockets of four cores.
    static var bareMetal: [String: String] {
        var files = [
            "proc/cpuinfo": """
            processor\t: 0
            vendor_id\t: GenuineIntel
            model name\t: Intel(R) Xeon(R) Gold 6338
            flags\t\t: fpu tsc constant_tsc nonstop_tsc
            """,
            "proc/meminfo": "MemTotal: 67108864 kB\nMemAvailable: 33554432 kB\n",
            "proc/self/status": "Cpus_allowed_list:\t0-7\n",
            "proc/self/cgroup": "0::/user.slice\n",
            "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "proc/sys/kernel/numa_balancing": "0\n",
            "proc/sys/kernel/perf_event_paranoid": "1\n",
            "sys/bus/event_source/devices/cpu/type": "4\n",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
            "sys/devices/system/cpu/intel_pstate/no_turbo": "1\n",
            "sys/devices/system/cpu/online": "0-7\n",
            "sys/devices/system/cpu/smt/control": "off\n",
            "sys/devices/system/node/online": "0-1\n",
            "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 33554432 kB\n",
            "sys/devices/system/node/node1/meminfo": "Node 1 MemTotal: 33554432 kB\n",
            "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
            "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        ]
        for cpu in 0..<8 {
            files["sys/devices/system/cpu/cpu\(cpu)/cpufreq/scaling_governor"] = "performance\n"
            files["sys/devices/system/cpu/cpu\(cpu)/topology/physical_package_id"] = "\(cpu / 4)\n"
            files["sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list"] = "\(cpu)\n"
        }
        return files
    }

    /// As it comes out of its box: everything is there to save power or memory.
    static var laptop: [String: String] {
        let changes = [
            "proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 524288 kB\n",
            "proc/sys/kernel/numa_balancing": "1\n",
            "proc/sys/kernel/perf_event_paranoid": "4\n",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
            "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm\n",
            "sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "powersave\n",
            "sys/devices/system/cpu/intel_pstate/no_turbo": "0\n",
            "sys/devices/system/cpu/smt/control": "on\n",
            "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n",
        ]
        return bareMetal.merging(changes) { $1 }
    }

    /// On the server above, with half of its processors and a quota below that.
    static var container: [String: String] {
        let changes = [
            "proc/self/status": "Cpus_allowed_list:\t0-3\n",
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/cpuset.cpus.effective": "0-3\n",
            "sys/fs/cgroup/memory.max": "536870912\n",
        ]
        return bareMetal.merging(changes) { $1 }
    }

    /// A guest that is shown little.
    static var virtualMachine: [String: String] {
        [
            "proc/cpuinfo": "vendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\nflags\t\t: fpu hypervisor\n",
            "proc/meminfo": "MemAvailable: 8388608 kB\n",
            "proc/self/status": "Cpus_allowed_list:\t0-1\n",
            "sys/bus/event_source/devices/software/type": "1\n",
            "sys/class/dmi/id/sys_vendor": "QEMU\n",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "kvm-clock\n",
            "sys/devices/system/clocksource/clocksource0/available_clocksource": "kvm-clock acpi_pm\n",
            "sys/devices/system/cpu/online": "0-1\n",
            "sys/devices/system/cpu/smt/control": "notsupported\n",
            "sys/devices/system/node/online": "0\n",
            "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 8388608 kB\n",
        ]
    }
}
