import NotifierDispatch

/// One line of an event recording, what a probe in the kernel saw: `seconds process event start end`.
struct EventLine: Equatable {
    enum Kind: Hashable {
        case invalidation(InvalidationEvent)
        /// A device, or a processor, faults at these pages.
        case fault
    }

    /// By the clock of whoever wrote it.
    let nanoseconds: UInt64
    /// Numbers an address space.
    let process: UInt64
    let kind: Kind
    /// The pages that the addresses touch: an address that is not on a boundary is rounded outwards.
    let pages: Range<Int>

    /// Throws a ``LineFault`` that says what is expected.
    init(_ text: ArraySlice<UInt8>) throws(LineFault) {
        let fields = Self.fields(text)
        guard fields.count == 5 else {
            throw LineFault("expected five fields, 'seconds process event start end', as in: \(Self.example)")
        }
        guard let nanoseconds = Self.nanoseconds(fields[0]) else {
            throw LineFault("expected seconds below 10,000,000,000 as a decimal number, as in: \(Self.example)")
        }
        guard ByteScanner.isAll(fields[1], ByteScanner.isDigit), let process = ByteScanner.number(fields[1]) else {
            throw LineFault("expected a decimal number of 64 bits for the process, as in: \(Self.example)")
        }
        guard let kind = Self.kinds[String(decoding: fields[2], as: UTF8.self)] else {
            throw LineFault(
                "expected an event: \(InvalidationEvent.allCases.map(\.recordedName).joined(separator: ", ")), one of "
                    + "the kernel's names, such as \(InvalidationEvent.unmap.kernelName), or fault")
        }
        guard let start = Self.address(fields[3]), let end = Self.address(fields[4]) else {
            throw LineFault("expected byte addresses of 64 bits for start and end, decimal or behind 0x")
        }
        guard start < end else { throw LineFault("expected an end above the start: an event covers a byte or more") }
        self.nanoseconds = nanoseconds
        self.process = process
        self.kind = kind
        pages = Int(start / Mapping.pageSize)..<Int((end - 1) / Mapping.pageSize) + 1
    }

    /// Whether a file whose first line this is holds events, be they damaged, and not what strace writes. strace has a
    /// parenthesis, or signs, behind its numbers.
    static func isLikely(_ text: ArraySlice<UInt8>) -> Bool {
        let fields = fields(text)
        guard let first = fields.first, first.first.map(ByteScanner.isDigit) == true else { return false }
        if fields.contains(where: { kinds[String(decoding: $0, as: UTF8.self)] != nil }) { return true }
        return fields.count > 2 && ByteScanner.isAll(fields[1], ByteScanner.isDigit)
            && ByteScanner.isAll(fields[2]) { (0x41...0x5a).contains($0 & ~0x20) || $0 == UInt8(ascii: "_") }
    }

    private static let example = "0.000125 4711 unmap 0x7f0000000000 0x7f0000200000"

    /// Each event by the project's name and by the kernel's.
    private static let kinds: [String: Kind] = InvalidationEvent.allCases.reduce(into: ["fault": .fault]) {
        $0[$1.recordedName] = .invalidation($1)
        $0[$1.kernelName] = .invalidation($1)
    }

    private static func fields(_ text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    /// What lies below a nanosecond is dropped.
    private static func nanoseconds(_ field: ArraySlice<UInt8>) -> UInt64? {
        var scanner = ByteScanner(field)
        guard let seconds = ByteScanner.number(scanner.digits()), seconds < 10_000_000_000 else { return nil }
        guard !scanner.isAtEnd else { return seconds * 1_000_000_000 }
        guard scanner.skip(".") else { return nil }
        let digits = scanner.digits()
        guard scanner.isAtEnd, !digits.isEmpty else { return nil }
        let nine = Array(digits.prefix(9)) + [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 9 - digits.count))
        return ByteScanner.number(nine[...]).map { seconds * 1_000_000_000 + $0 }
    }

    private static func address(_ field: ArraySlice<UInt8>) -> UInt64? {
        var scanner = ByteScanner(field)
        guard field.first != UInt8(ascii: "N"), let address = scanner.number(), scanner.isAtEnd else { return nil }
        return address
    }
}

extension InvalidationEvent {
    /// The name in event recordings.
    public var recordedName: String { "\(self)" }

    /// The name in `enum mmu_notifier_event` of Linux.
    fileprivate var kernelName: String {
        switch self {
        case .unmap: "MMU_NOTIFY_UNMAP"
        case .clear: "MMU_NOTIFY_CLEAR"
        case .protectionVMA: "MMU_NOTIFY_PROTECTION_VMA"
        case .protectionPage: "MMU_NOTIFY_PROTECTION_PAGE"
        case .softDirty: "MMU_NOTIFY_SOFT_DIRTY"
        case .release: "MMU_NOTIFY_RELEASE"
        case .migrate: "MMU_NOTIFY_MIGRATE"
        case .exclusive: "MMU_NOTIFY_EXCLUSIVE"
        }
    }
}

extension ByteScanner {
    /// Whether there are bytes, and all of them satisfy `isWanted`.
    fileprivate static func isAll(_ text: ArraySlice<UInt8>, _ isWanted: (UInt8) -> Bool) -> Bool {
        !text.isEmpty && text.allSatisfy(isWanted)
    }
}

/// The events of a recording, and what becomes of them in a replay.
///
/// - Events are put in the order of their times, since probes on several processors hand in theirs in turn; those of
///   one time keep their order.
/// - A range above ``Mapping/mostPagesInUse`` pages covers those of its pages that the other events of its process
///   touch: the kernel unmaps all that there can be when a process ends. Without such pages it is passed over.
/// - A `release` is replayed as an `unmap`: the replayed space lives on.
struct EventRecording {
    /// The most pages that all faults together may have.
    static let mostFaultedPages = 1 << 24

    private struct Event {
        let nanoseconds: UInt64
        let kind: EventLine.Kind
        let space: Int
        let pages: Range<Int>

        /// A step of the same pages, to number them.
        var step: RecordedStep { RecordedStep(nanoseconds: nanoseconds, event: .clear, space: space, pages: pages) }
        var isLarge: Bool { pages.count > Mapping.mostPagesInUse }
    }

    private var events: [Event] = []
    private var spaceOfProcess: [UInt64: Int] = [:]
    private var faultedPages = 0

    /// Takes the next line. Throws a ``LineFault`` where it is none, or there are too many.
    mutating func append(_ line: EventLine) throws(LineFault) {
        guard events.count < KernelEvents.mostSteps else {
            throw LineFault("more than \(KernelEvents.mostSteps) events; record a shorter run")
        }
        if line.kind == .fault {
            faultedPages += min(line.pages.count, Self.mostFaultedPages + 1)
            guard faultedPages <= Self.mostFaultedPages else {
                throw LineFault("the faults have more than \(Self.mostFaultedPages) pages; record a shorter run")
            }
        }
        let space = spaceOfProcess[line.process, default: spaceOfProcess.count]
        spaceOfProcess[line.process] = space
        events.append(Event(nanoseconds: line.nanoseconds, kind: line.kind, space: space, pages: line.pages))
    }

    /// What a recording comes to.
    struct Replay {
        var steps: [TraceStep] = []
        var faultedPages: [UInt32] = []
        var pages = 0
        var addressSpaces = 0
        /// Events that no page was known of.
        var eventsWithoutPages = 0
        var hasTimes = false
    }

    /// Throws a ``LineFault`` where the events touch too many pages.
    consuming func replay() throws(LineFault) -> Replay {
        let order = events.indices.sorted { (events[$0].nanoseconds, $0) < (events[$1].nanoseconds, $1) }
        let numbering = try PageNumbering(events.filter { !$0.isLarge }.map(\.step))
        let touched = touchedRuns()
        var replay = Replay()
        replay.pages = numbering.pages
        replay.addressSpaces = spaceOfProcess.count
        let start = order.first.map { events[$0].nanoseconds } ?? 0
        replay.hasTimes = (order.last.map { events[$0].nanoseconds } ?? 0) > start
        for index in order {
            let event = events[index]
            guard let pages = Self.numbers(of: event, numbering, touched[event.space]) else {
                replay.eventsWithoutPages += 1
                continue
            }
            switch event.kind {
            case .fault: replay.faultedPages += pages.map { UInt32($0) }
            case .invalidation(let kind):
                guard let range = InvalidationRange(pages: pages) else { continue }
                replay.steps.append(
                    TraceStep(
                        nanoseconds: event.nanoseconds - start, event: kind == .release ? .unmap : kind, range: range))
            }
        }
        return replay
    }

    /// The pages of each space that events touch which are not large: longest runs, in order.
    private func touchedRuns() -> [[Range<Int>]] {
        var runs = [[Range<Int>]](repeating: [], count: spaceOfProcess.count)
        for event in events.filter({ !$0.isLarge }).sorted(by: { $0.pages.lowerBound < $1.pages.lowerBound }) {
            if let last = runs[event.space].last, event.pages.lowerBound <= last.upperBound {
                let end = max(last.upperBound, event.pages.upperBound)
                runs[event.space][runs[event.space].count - 1] = last.lowerBound..<end
            } else {
                runs[event.space].append(event.pages)
            }
        }
        return runs
    }

    /// The numbers of an event's pages; `nil` where none of them has one.
    private static func numbers(
        of event: Event, _ numbering: PageNumbering, _ touched: [Range<Int>]
    ) -> Range<Int>? {
        guard event.isLarge else { return numbering.numbers(of: event.step) }
        let first = touched.firstIndex(fromWhere: { $0.upperBound > event.pages.lowerBound })
        let end = touched.firstIndex(fromWhere: { $0.lowerBound >= event.pages.upperBound })
        guard first < end else { return nil }
        func number(_ page: Int) -> Int {
            let step = RecordedStep(nanoseconds: 0, event: .clear, space: event.space, pages: page..<page + 1)
            return numbering.numbers(of: step).lowerBound
        }
        let lowest = max(touched[first].lowerBound, event.pages.lowerBound)
        let highest = min(touched[end - 1].upperBound, event.pages.upperBound) - 1
        return number(lowest)..<number(highest) + 1
    }
}
