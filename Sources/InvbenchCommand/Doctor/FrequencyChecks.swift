/// How fast the cores run, and who decides that.
extension Examination {
    func frequencyFindings() -> [Finding] { [governorFinding(), boostFinding()] }

    private func governorFinding() -> Finding {
        let subject = "frequency governor"
        switch machine.governor {
        case "performance":
            return .ok(subject, "performance: cores do not start slowly")
        case let governor?:
            return .change(
                subject, "\(governor): cores clock down when idle and up late, so a run's first part is slower.",
                "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")
        case nil where isVirtual:
            return .unseen(subject, "not shown in this virtual machine; its host decides on the frequency")
        case nil:
            return .unseen(subject, "not shown; the firmware may change the frequency on its own")
        }
    }

    private func boostFinding() -> Finding {
        let subject = "boost (turbo)"
        switch settings.boost {
        case "off":
            return .ok(subject, "off: one busy core is as fast as all of them")
        case .some:
            let isIntel = files.text("sys/devices/system/cpu/intel_pstate/no_turbo") != nil
            return .change(
                subject,
                "on: the frequency changes with heat and with the number of busy cores, so few threads look "
                    + "better than many.",
                isIntel
                    ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
                    : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost")
        case nil where isVirtual:
            return .unseen(subject, "not shown in this virtual machine; its host decides on it")
        case nil:
            return .unseen(subject, "not shown; the firmware's settings may have a switch for it")
        }
    }
}
