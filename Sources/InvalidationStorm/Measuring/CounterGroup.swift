import CPlatform
import Glibc

/// Something that the processor, or the kernel, counts for a thread.
enum CountedEvent: String, CaseIterable, Sendable {
    case cycles
    case instructions
    case cacheMisses = "cache misses"
    /// The kernel's own: nanoseconds on a core, and page faults. They are everywhere.
    case taskClock = "task clock"
    case pageFaults = "page faults"

    /// What is counted of a fault, the group's leader first.
    static let ofFaults: [CountedEvent] = [.cycles, .instructions, .cacheMisses]

    /// `type` and `config` of perf_event_open(2).
    var code: (type: UInt32, config: UInt64) {
        switch self {
        case .cycles: (0, 0)
        case .instructions: (0, 1)
        case .cacheMisses: (0, 3)
        case .taskClock: (1, 1)
        case .pageFaults: (1, 2)
        }
    }
}

/// Counters of the calling thread that count the same time, in user mode only: what they mean must not depend on who
/// may look into the kernel. Made and used on one thread.
struct CounterGroup: ~Copyable {
    /// Why the first event of a group cannot be counted.
    struct Refusal: Error, Equatable {
        let errno: Int32
    }

    /// The events that are counted, in the order of their counts.
    let events: [CountedEvent]
    private let descriptors: [Int32]

    /// Opens counters that stand still. Those that the processor does not have beside the first are left out.
    init(_ wanted: [CountedEvent]) throws(Refusal) {
        var events: [CountedEvent] = []
        var descriptors: [Int32] = []
        for event in wanted {
            let descriptor = cplatform_perf_group_open(event.code.type, event.code.config, descriptors.first ?? -1)
            if descriptor >= 0 {
                events.append(event)
                descriptors.append(descriptor)
            } else if descriptors.isEmpty {
                throw Refusal(errno: -descriptor)
            }
        }
        self.events = events
        self.descriptors = descriptors
    }

    deinit { descriptors.forEach { close($0) } }

    /// Lets all count.
    func start() {
        if let leader = descriptors.first { _ = cplatform_perf_group_enable(leader) }
    }

    /// What was counted since the start.
    func counts() -> [CountedEvent: UInt64] {
        guard let leader = descriptors.first else { return [:] }
        var words = [UInt64](repeating: 0, count: 3 + events.count)
        let length = words.withUnsafeMutableBytes { read(leader, $0.baseAddress, $0.count) }
        return Self.counts(of: events, in: words.prefix(max(0, length) / MemoryLayout<UInt64>.size))
    }

    /// The counts in a leader's reading: number of counters, nanoseconds enabled, nanoseconds counted, a count each.
    /// None where the counters did not run all the time because others wanted them too: scaled up they would be a guess.
    static func counts(of events: [CountedEvent], in words: ArraySlice<UInt64>) -> [CountedEvent: UInt64] {
        guard words.count == 3 + events.count, words[0] == UInt64(events.count), words[1] > 0, words[2] == words[1]
        else { return [:] }
        return Dictionary(uniqueKeysWithValues: zip(events, words.dropFirst(3)))
    }
}
