import BenchmarkRecords
import Foundation
import InvalidationStorm

/// The processor time that others used between two looks at the kernel's clocks.
struct ProcessorLoad: Equatable, Sendable {
    /// A process and the processors' time per time that it used.
    struct Burner: Equatable, Sendable {
        let name: String
        let process: Int
        let processors: Double
    }

    /// Processors in use, without this process's own use and without `stolen`.
    let busy: Double
    /// Processors that the hypervisor gave to others while they were wanted.
    let stolen: Double
    /// The processors that there are.
    let processors: Int
    /// The processes that used most, of those that are shown: at most three, from 0.05 up, the largest first.
    let burners: [Burner]

    /// Between two looks; `nil` where no time has passed between them.
    init?(from start: ProcessorTimes, to end: ProcessorTimes) {
        let (first, last) = (start.ticks, end.ticks)
        guard last.total > first.total, end.processors > 0 else { return nil }
        let elapsed = last.total - first.total
        func share(_ start: UInt64, _ end: UInt64) -> Double {
            start < end ? Double(end - start) / Double(elapsed) : 0
        }
        let scale = Double(end.processors)
        processors = end.processors
        stolen = share(first.steal, last.steal) * scale
        // A process that began meanwhile used all of its time meanwhile.
        let used = end.processes.map { process, use in
            Burner(
                name: use.name, process: process,
                processors: share(start.processes[process]?.ticks ?? 0, use.ticks) * scale)
        }
        let own = used.first { $0.process == end.ownProcess }?.processors ?? 0
        busy = max(0, share(first.busy, last.busy) * scale - own)
        burners = Array(
            used.filter { $0.process != end.ownProcess && $0.processors >= 0.05 }
                .sorted { ($1.processors, $0.process) < ($0.processors, $1.process) }.prefix(3))
    }

    /// Half a second of this machine; `nil` where the kernel does not show it.
    static func sampled() -> ProcessorLoad? {
        let files = FactFiles()
        guard let start = ProcessorTimes(files) else { return nil }
        Thread.sleep(forTimeInterval: 0.5)
        return ProcessorTimes(files).flatMap { ProcessorLoad(from: start, to: $0) }
    }
}

/// What the kernel's clocks say, in ticks since the start of the machine or of the process.
struct ProcessorTimes: Equatable, Sendable {
    /// A process by name, and its ticks in user and kernel mode.
    struct Use: Equatable, Sendable {
        let name: String
        let ticks: UInt64
    }

    let ticks: ProcessorTicks
    /// The processors that are counted.
    let processors: Int
    let processes: [Int: Use]
    /// The number of the process that looks.
    let ownProcess: Int?

    /// A look; `nil` where there is no `/proc/stat`.
    init?(_ files: FactFiles) {
        guard let text = files.text("proc/stat"), let ticks = ProcessorTicks(stat: text) else { return nil }
        self.ticks = ticks
        processors = text.split(separator: "\n").count { $0.hasPrefix("cpu") } - 1
        var processes: [Int: Use] = [:]
        for name in files.names(in: "proc") {
            if let process = Int(name) { processes[process] = files.text("proc/\(name)/stat").flatMap(Self.use) }
        }
        self.processes = processes
        ownProcess = files.text("proc/self/stat").flatMap { $0.split(separator: " ").first }.flatMap { Int($0) }
    }

    /// `number (name) state ...`, where the name may hold anything, brackets too.
    private static func use(_ text: String) -> Use? {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else { return nil }
        return Use(name: String(text[text.index(after: open)..<close]), ticks: user + system)
    }
}
