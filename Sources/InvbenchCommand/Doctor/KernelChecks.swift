import BenchmarkRecords
import Glibc

/// What the kernel offers for measuring: clocks, counters, barriers.
extension Examination {
    func kernelFindings() -> [Finding] {
        [
            clockSourceFinding(), timeStampFinding(), counterFinding(), permissionFinding(), barrierFinding(),
            restartFinding(), userFaultFinding(),
        ]
    }

    private func clockSourceFinding() -> Finding {
        let subject = "clock source"
        let folder = "sys/devices/system/clocksource/clocksource0"
        switch machine.clockSource {
        case "tsc", "arch_sys_counter":
            return .ok(subject, "\(machine.clockSource ?? ""): read without a system call")
        case let source?:
            let available = files.text(folder + "/available_clocksource")?.split(separator: " ") ?? []
            guard available.contains("tsc") else {
                return .note(subject, "\(source): the kernel offers no tsc, so its clock is slower to read")
            }
            return .change(
                subject, "\(source): slower to read than tsc, which the kernel offers too.",
                "echo tsc | sudo tee /\(folder)/current_clocksource")
        case nil:
            return .unseen(subject)
        }
    }

    private func timeStampFinding() -> Finding {
        let subject = "time stamp counter"
        let info = files.fields("proc/cpuinfo")
        if info["CPU implementer"] != nil { return .ok(subject, "Arm's generic timer: one rate on all cores") }
        guard let flags = info["flags"]?.split(separator: " ") else { return .unseen(subject) }
        if flags.contains("constant_tsc") && flags.contains("nonstop_tsc") {
            return .ok(subject, "invariant: one rate on all cores, whatever their frequency")
        }
        return .note(
            subject, "not invariant: latencies are taken by clock_gettime, which costs more and is part of them")
    }

    private func counterFinding() -> Finding {
        let subject = "hardware counters"
        let devices = files.names(in: "sys/bus/event_source/devices")
        if devices.isEmpty { return .unseen(subject) }
        // Hybrid processors have one a kind of core; Arm's are named after the core.
        if devices.contains(where: { $0 == "cpu" || $0.hasPrefix("cpu_") || $0.hasPrefix("armv") }) {
            return .ok(subject, "there are some, for perf stat")
        }
        return .note(
            subject,
            (isVirtual ? "none in this virtual machine" : "none")
                + ": perf stat cannot say why a guard is slow; invbench needs none")
    }

    private func permissionFinding() -> Finding {
        let subject = "perf permissions"
        if counterError == 0 { return .ok(subject, "migrations between cores are counted") }
        let loss = "cpu_migrations is missing from the results"
        guard let level = files.text("proc/sys/kernel/perf_event_paranoid").flatMap(Int.init) else {
            return .note(subject, "the kernel counts no events for this user: \(loss)")
        }
        if level <= 1 {
            return .note(subject, "perf_event_open(2) is forbidden, as by a container's seccomp filter: \(loss)")
        }
        return .change(
            subject, "kernel.perf_event_paranoid is \(level): \(loss).", "sudo sysctl kernel.perf_event_paranoid=1")
    }

    private func barrierFinding() -> Finding {
        let subject = "membarrier(2)"
        if membarrierError == 0 { return .ok(subject, "works: asymmetric and adaptive are what they should be") }
        let remedy =
            membarrierError == EPERM
            ? "a seccomp filter forbids it: allow membarrier in the container's profile" : "the kernel has none"
        return .note(
            subject,
            "\(remedy). Without it each fault of asymmetric and adaptive pays a full fence, and RCU readers too")
    }

    private func userFaultFinding() -> Finding {
        let subject = "userfaultfd(2)"
        guard let userFaultRefusal else { return .ok(subject, "works: invbench live measures guards on real memory") }
        return .note(subject, "\(userFaultRefusal). Without it invbench live has the kernel alone")
    }

    private func restartFinding() -> Finding {
        let subject = "restartable sequences"
        guard let restartRefusal else {
            return .ok(subject, "work, tried by two aborts: restartable is to be had, and adaptive restarts")
        }
        return .note(subject, "\(restartRefusal). Without them there is no restartable, and adaptive publishes")
    }
}
