/// What the processors are, and which of them may be used.
extension Examination {
    func topologyFindings() -> [Finding] { [threadingFinding(), hypervisorFinding()] }

    func limitFindings() -> [Finding] { [quotaFinding(), processorsFinding()] }

    private func threadingFinding() -> Finding {
        let subject = "SMT"
        switch machine.smt {
        case "on":
            return .change(
                subject, "on: two hardware threads share a core, and slow each other by how they happen to meet.",
                "echo off | sudo tee /sys/devices/system/cpu/smt/control")
        case "off", "forceoff":
            return .ok(subject, "off: no two threads share a core")
        case "notsupported", "notimplemented":
            return isVirtual
                ? .note(subject, "not seen by this virtual machine; its host may still put two processors on one core")
                : .ok(subject, "the processor has none: no two threads share a core")
        case let other?:
            return .note(subject, "\(other); see /sys/devices/system/cpu/smt/control")
        case nil:
            return .unseen(subject, "not shown; two hardware threads may share a core")
        }
    }

    private func hypervisorFinding() -> Finding {
        let subject = "hypervisor"
        switch machine.hypervisor {
        case "none":
            return .ok(subject, "none: this machine has its processors to itself")
        case let name?:
            return .note(
                subject,
                (name == "unnamed" ? "there is one" : name)
                    + ": it may move and pause processors; look at core_round_trip_ns and steal_percent in the results")
        case nil:
            return .unseen(subject, "the processor does not say whether there is one")
        }
    }

    private func quotaFinding() -> Finding {
        let subject = "processor quota"
        guard let quota = limits.quota else {
            return .unseen(subject, "this process's control group is not shown")
        }
        let usable = limits.processors ?? machine.threads
        guard let file = limits.quotaFile, quota < usable.map(Double.init) ?? .infinity else {
            return .ok(subject, "none: threads run whenever they want to")
        }
        return .change(
            subject,
            "the control group may use the time of \(Self.tenths(quota)), and is then stopped for up to 0.1 s, in the "
                + "middle of a fault. Start the container without the limit (docker run without --cpus, a pod without "
                + "a CPU limit); outside of a container:",
            "echo \(file.hasSuffix("cpu.max") ? "max" : "-1") | sudo tee \(file)")
    }

    private func processorsFinding() -> Finding {
        let subject = "allowed processors"
        guard let allowed = limits.processors, let list = limits.processorList else {
            return .unseen(subject)
        }
        guard let threads = machine.threads else {
            return .unseen(subject, "\(list); how many the machine has is not shown")
        }
        guard allowed < threads else { return .ok(subject, "all \(threads)") }
        let reason =
            limits.groupProcessors.map { $0 < threads } ?? false ? "its control group" : "its affinity (taskset)"
        return .note(
            subject,
            "\(list), that is \(allowed) of \(threads), for \(reason): results are of those, with whatever the "
                + "others do")
    }

    /// One digit behind the point, without a needless 0.
    static func tenths(_ value: Double) -> String {
        let text = String((value * 10).rounded() / 10)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
