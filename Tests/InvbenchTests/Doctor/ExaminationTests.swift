import BenchmarkRecords
import FactTrees
import Glibc
import NotifierDispatch
import Testing

@testable import InvbenchCommand

@Suite struct ExaminationTests {
    /// What is found on a machine that is otherwise idle, by subject.
    private func findings(
        _ files: [String: String], load: ProcessorLoad? = nil, membarrierError: Int32 = 0,
        restartRefusal: RestartableSequences.Refusal? = nil, userFaultRefusal: String? = nil, counterError: Int32 = 0
    ) throws -> [String: Finding] {
        let findings = try FactTree.with(files) { root in
            Examination(
                root: root, load: load, membarrierError: membarrierError, restartRefusal: restartRefusal,
                userFaultRefusal: userFaultRefusal, counterError: counterError
            ).findings()
        }
        return Dictionary(uniqueKeysWithValues: findings.map { ($0.subject, $0) })
    }

    private func subjects(_ findings: [String: Finding], _ level: Finding.Level) -> Set<String> {
        Set(findings.values.filter { $0.level == level }.map(\.subject))
    }

    private let everything: Set = [
        "frequency governor", "boost (turbo)", "SMT", "hypervisor", "processor quota", "allowed processors",
        "huge pages", "NUMA balancing", "free memory", "clock source", "time stamp counter", "hardware counters",
        "perf permissions", "membarrier(2)", "restartable sequences", "userfaultfd(2)", "other load",
    ]

    @Test func anIdealServerHasNothingToChange() throws {
        let findings = try findings(FactTree.bareMetal, load: FactTree.load())
        #expect(subjects(findings, .ok) == everything, "\(findings.values.filter { $0.level != .ok })")
    }

    @Test func aLaptopIsToldEveryCommand() throws {
        let findings = try findings(FactTree.laptop, counterError: EACCES)
        let commands = findings.mapValues(\.commands).filter { !$0.value.isEmpty }
        #expect(
            commands == [
                "frequency governor": [
                    "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
                ],
                "boost (turbo)": ["echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"],
                "SMT": ["echo off | sudo tee /sys/devices/system/cpu/smt/control"],
                "huge pages": ["echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"],
                "NUMA balancing": ["sudo sysctl kernel.numa_balancing=0"],
                "free memory": ["ps -eo pid,rss,comm --sort=-rss | head"],
                "clock source": [
                    "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"
                ],
                "perf permissions": ["sudo sysctl kernel.perf_event_paranoid=1"],
            ])
        #expect(subjects(findings, .change) == Set(commands.keys))
    }

    @Test func otherProcessorsHaveAnotherSwitchForBoost() throws {
        var files = FactTree.bareMetal
        files["sys/devices/system/cpu/intel_pstate/no_turbo"] = nil
        files["sys/devices/system/cpu/cpufreq/boost"] = "1\n"
        #expect(
            try findings(files)["boost (turbo)"]?.commands == [
                "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"
            ])
    }

    @Test func aContainerIsToldOfItsLimits() throws {
        let findings = try findings(FactTree.container)
        #expect(subjects(findings, .change) == ["processor quota", "free memory"])
        #expect(findings["processor quota"]?.text.contains("the time of 1.5,") == true)
        #expect(findings["processor quota"]?.commands == ["echo max | sudo tee /sys/fs/cgroup/cpu.max"])
        #expect(findings["allowed processors"]?.level == .note)
        #expect(findings["allowed processors"]?.text.hasPrefix("0-3, that is 4 of 8, for its control group") == true)
        #expect(findings["free memory"]?.text.contains("0.5 GiB") == true)
    }

    @Test func aQuotaForAllAllowedProcessorsStopsNobody() throws {
        let files = FactTree.container.merging(["sys/fs/cgroup/cpu.max": "400000 100000\n"]) { $1 }
        #expect(try findings(files)["processor quota"]?.level == .ok)
    }

    @Test func anAffinityIsNoControlGroup() throws {
        let files = FactTree.bareMetal.merging(["proc/self/status": "Cpus_allowed_list:\t2\n"]) { $1 }
        let finding = try findings(files)["allowed processors"]
        #expect(finding?.text.contains("1 of 8, for its affinity") == true)
    }

    @Test func aVirtualMachineHasNotesThatItCannotChange() throws {
        let findings = try findings(FactTree.virtualMachine, load: FactTree.load())
        #expect(subjects(findings, .change) == [])
        #expect(
            subjects(findings, .ok) == [
                "allowed processors", "NUMA balancing", "free memory", "perf permissions", "membarrier(2)",
                "restartable sequences", "userfaultfd(2)", "other load",
            ])
        #expect(findings["hypervisor"]?.text.hasPrefix("QEMU:") == true)
        #expect(findings["frequency governor"]?.text.contains("host") == true)
        #expect(findings["time stamp counter"]?.text.contains("clock_gettime") == true)
    }

    @Test func aKernelThatShowsNothingIsNotGuessedAbout() throws {
        let findings = try findings([:], counterError: EACCES)
        #expect(
            subjects(findings, .note)
                == everything.subtracting(["membarrier(2)", "restartable sequences", "userfaultfd(2)"]))
    }

    /// Root may count whatever the setting; in a container nobody may, whatever the setting.
    @Test func whetherMigrationsAreCountedIsTried() throws {
        #expect(try findings(FactTree.laptop)["perf permissions"]?.level == .ok)
        let forbidden = try findings(FactTree.bareMetal, counterError: EPERM)["perf permissions"]
        #expect(forbidden?.level == .note)
        #expect(forbidden?.text.contains("seccomp") == true)
    }

    @Test func withoutMembarrierItSaysWhatIsSlower() throws {
        let missing = try findings([:], membarrierError: ENOSYS)["membarrier(2)"]
        #expect(missing?.level == .note)
        #expect(missing?.text.contains("the kernel has none") == true)
        #expect(try findings([:], membarrierError: EPERM)["membarrier(2)"]?.text.contains("seccomp") == true)
    }

    @Test func withoutRestartableSequencesItSaysWhy() throws {
        let missing = try findings([:], restartRefusal: .barrier(EPERM))["restartable sequences"]
        #expect(missing?.level == .note)
        #expect(missing?.text.contains("error 1,") == true)
        #expect(try findings([:], restartRefusal: .area)["restartable sequences"]?.text.contains("glibc") == true)
    }

    @Test func withoutUserFaultsItSaysWhatIsLeft() throws {
        let missing = try findings([:], userFaultRefusal: "userfaultfd(2) is forbidden")["userfaultfd(2)"]
        #expect(missing?.level == .note)
        #expect(missing?.text == "userfaultfd(2) is forbidden. Without it invbench live has the kernel alone")
    }

    @Test func otherLoadIsNamed() throws {
        let busy = try findings([:], load: FactTree.load(busy: 260, processes: ["cc \u{1b}[31m": 100, "idle": 1]))
        #expect(busy["other load"]?.level == .change)
        #expect(
            busy["other load"]?.text.hasPrefix("2.6 of 4 processors in half a second: cc \u{fffd}[31m (100) 1.") == true
        )
        let hidden = try findings([:], load: FactTree.load(busy: 260))
        #expect(hidden["other load"]?.level == .change)
        #expect(hidden["other load"]?.text.contains("not shown here") == true)
        let stolen = try findings([:], load: FactTree.load(steal: 40))
        #expect(stolen["other load"]?.level == .note)
        #expect(stolen["other load"]?.text.contains("gave 0.4 to others") == true)
    }
}
