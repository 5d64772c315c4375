import Foundation
import NotifierDispatch
import RecordedEvents

// Prints what the kernel raises for a recording, one event a line: the time in nanoseconds since the first line, the
// event, the first address and the one past the last; for a space that ends `release 0x0 0x0`.

guard CommandLine.arguments.count == 2 else {
    FileHandle.standardError.write(Data("usage: kernel-events RECORDING\n".utf8))
    exit(2)
}
do {
    let events = try KernelEvents(contentsOf: CommandLine.arguments[1])
    let releases = events.releases.map { (time: $0, text: "release 0x0 0x0") }
    let steps = events.steps.map { step in
        let (start, end) = (step.pages.lowerBound * 4096, step.pages.upperBound * 4096)
        return (
            time: step.nanoseconds,
            text: "\(step.event) 0x\(String(start, radix: 16)) 0x\(String(end, radix: 16))"
        )
    }
    for line in (steps + releases).sorted(by: { $0.time < $1.time }) { print(line.time, line.text) }
} catch {
    FileHandle.standardError.write(Data("kernel-events: \(error)\n".utf8))
    exit(2)
}
