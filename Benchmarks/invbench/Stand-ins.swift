// Temporary: fakes of what InvalidationStorm will offer. Deleted at the merge; nothing else knows that they are fakes.
import Foundation
@testable import InvalidationStorm

enum GuardCatalogue {
    static let builtIn: [GuardEntry] = [
        entry("unprotected", isProtected: false), entry("mutex", needsTargetedUndo: true),
        entry("rwlock", needsTargetedUndo: true), entry("stripe-mutex"), entry("invlock"), entry("range-counter"),
    ]

    private static func entry(_ name: String, isProtected: Bool = true, needsTargetedUndo: Bool = false) -> GuardEntry {
        GuardEntry(name: name, isProtected: isProtected, needsTargetedUndo: needsTargetedUndo) {
            settings, cancellation in
            let end = Date().addingTimeInterval(
                Double(settings.windowNanoseconds + settings.warmUpNanoseconds) / 1e9)
            while Date() < end {
                if cancellation.isRaised { return nil }
                usleep(200)
            }
            let stale = ProcessInfo.processInfo.environment["INVBENCH_FAKE_STALE"] == name ? 3 : 0
            let mean = 10.0 * Double(settings.faulters) + Double(name.count)
            let latency = LatencySummary(
                p50: mean * 0.9, p90: mean * 1.2, p99: mean * 3, p99_9: mean * 9, p99_99: nil, maximum: mean * 40,
                mean: mean, samples: 4000)
            let none = LatencySummary(
                p50: nil, p90: nil, p99: nil, p99_9: nil, p99_99: nil, maximum: nil, mean: nil, samples: 0)
            return StormMeasurement(
                faultLatency: latency, invalidationLatency: settings.invalidators == 0 ? none : latency,
                faults: 1_000_000, faultsPerSecond: 1e9 / mean,
                invalidationsPerSecond: settings.invalidators == 0 ? 0 : 1e6, retriesPerFault: 0.25, fallbacks: 0,
                wouldBlocks: 0, staleInstalls: UInt64(stale), fairness: 1, longestWaitNanoseconds: 12345,
                cpuNanosecondsPerFault: mean, stealPercent: 0.1, involuntarySwitches: 2, cpuMigrations: 1,
                coreRoundTripNanoseconds: 55, samplingShift: 3)
        }
    }
}

extension Scenario {
    static var builtIn: [Scenario] {
        [
            fake("calm", .none), fake("steady", .poisson(perSecond: 10_000)), fake("storm", .backToBack),
            fake("pressure", .poisson(perSecond: 100_000), walk: 1000, change: 1000), fake("hot", .backToBack),
            fake("nonblocking", .backToBack),
        ]
    }

    static func replaying(_ trace: Trace) -> Scenario { fake("trace:\(trace.name)", .trace(trace)) }

    private static func fake(_ name: String, _ arrivals: Arrivals, walk: UInt64 = 0, change: UInt64 = 0) -> Scenario {
        Scenario(
            name: name, arrivals: arrivals, pagesPerInvalidation: 16, hotFraction: name == "hot" ? 0.01 : 1,
            isBlockable: name != "nonblocking", walkNanoseconds: walk, changeNanoseconds: change, pages: 65536)
    }
}

struct TraceError: Error, CustomStringConvertible {
    let description: String
}

extension Trace {
    init(contentsOf path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TraceError(description: "\(path): cannot be read")
        }
        guard data.count > 100 else { throw TraceError(description: "\(path):1: the file is cut") }
        let name = (path as NSString).lastPathComponent.split(separator: ".").first.map(String.init) ?? path
        self.init(name: name, steps: [], pages: 1)
    }
}

enum DetectorControl {
    static func run() -> Bool { ProcessInfo.processInfo.environment["INVBENCH_FAKE_BLIND"] == nil }
}
