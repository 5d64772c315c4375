import Foundation
import NotifierDispatch
import RecordedEvents

// Prints what a kernel raises for a recording of calls, in the format of events: the seconds since the first line, the
// number of the address space, the event, the first address and the one past the last.

guard CommandLine.arguments.count == 3, let rules = LinuxRules(rawValue: CommandLine.arguments[1]) else {
    let versions = LinuxRules.allCases.map(\.rawValue).joined(separator: "|")
    FileHandle.standardError.write(Data("usage: kernel-events \(versions) RECORDING\n".utf8))
    exit(2)
}
do {
    let events = try KernelEvents(contentsOf: CommandLine.arguments[2], by: rules)
    let releases = events.releases.map {
        (time: $0.nanoseconds, text: "\($0.space) release 0x0 0x\(String(UInt64.max, radix: 16))")
    }
    let steps = events.steps.map { step in
        let (start, end) = (step.pages.lowerBound * 4096, step.pages.upperBound * 4096)
        return (
            time: step.nanoseconds,
            text: "\(step.space) \(step.event) 0x\(String(start, radix: 16)) 0x\(String(end, radix: 16))"
        )
    }
    for line in (steps + releases).sorted(by: { $0.time < $1.time }) {
        let (seconds, rest) = line.time.quotientAndRemainder(dividingBy: 1_000_000_000)
        print("\(seconds).\(String(rest + 1_000_000_000).dropFirst()) \(line.text)")
    }
} catch {
    FileHandle.standardError.write(Data("kernel-events: \(error)\n".utf8))
    exit(2)
}
