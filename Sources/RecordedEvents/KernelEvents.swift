import NotifierDispatch

/// One invalidation as the recorded program's pages are numbered: byte address divided by the page size.
package struct RecordedStep: Equatable {
    package let nanoseconds: UInt64
    package let event: InvalidationEvent
    /// The address space, by its number in ``RecordedProcesses``.
    package let space: Int
    package let pages: Range<Int>
}

/// The kernel whose rules say what a call raises. `Scripts/check-kernel-events` boots each of them, and compares.
///
/// They differ in what mprotect raises, in which neighbour a new mapping joins, and in hugetlb pages that are dropped; see
/// ``RecordedSpace``. A recording of calls does not say which kernel it was made on.
package enum LinuxRules: String, Sendable, CaseIterable {
    case linux6_1 = "6.1"
    case linux6_12 = "6.12"

    /// Those by which a ``Trace`` is read.
    package static let ofTraces = linux6_1
}

/// Plays a recording through a model of Linux's memory management and notes what the kernel tells its notifiers.
///
/// What a call about memory raises stands in ``RecordedSpace``. Here stands when, and in which space:
/// - A call takes effect where it begins, since another thread may use what it frees before strace shows its end; a
///   mapping whose place the kernel chose, and a new process, where it ends, or where the child's first line stands.
/// - execve is not recorded. A process has a fresh image, and leaves its old space, when `brk(NULL)` shows another
///   break than its space is known to have and it has one thread; a vfork child also at any `brk(NULL)`, and at the
///   latest when its parent goes on.
/// - A space ends when each process in it has called exit_group, when its last thread is gone, or when execve replaces
///   it: the kernel sends one `release` then, and no range.
/// - Threads that no call in the trace created belong to the process that strace was attached to, or, where strace
///   started the program, each to a space of its own (a child in another process-id namespace).
package struct KernelEvents {
    /// The most invalidations that a trace may hold.
    static let mostSteps = 1 << 24
    /// The most mappings that living children may have from their parents, together.
    static let mostInheritedMappings = 1 << 24

    /// In the order in which they came.
    package private(set) var steps: [RecordedStep] = []
    /// How many of the steps rest on what no recording shows; see ``RecordedSpace``.
    private(set) var uncertainSteps = 0
    /// For each space that ended, when it did, in nanoseconds, and its number.
    package private(set) var releases: [(nanoseconds: UInt64, space: Int)] = []
    private let recording: StraceRecording
    private var processes: RecordedProcesses
    /// For each child, the records where the calls that create it begin, and how many of them have been carried out.
    private var births: [Int32: (records: [Int], done: Int)] = [:]
    private var inheritedMappings = 0
    /// How many pages each System V segment has.
    private var segments: [Int: Int] = [:]
    /// How many mappings of shared anonymous memory there were.
    private var sharedObjects = 0
    /// The spaces that have ended while threads in them are still seen.
    private var endedSpaces: Set<Int> = []
    /// The time of the record that is being played.
    private var now: UInt64 = 0

    /// Throws a ``LineFault`` where the recording is larger than the limits.
    init(_ recording: StraceRecording, by rules: LinuxRules = .ofTraces) throws(LineFault) {
        self.recording = recording
        processes = RecordedProcesses(rules: rules)
        for (index, record) in recording.records.enumerated() {
            if case .create(let child, _, _, _)? = Self.beginning(record.kind) {
                births[child, default: ([], 0)].records.append(index)
            }
        }
        for index in recording.records.indices { try play(index) }
    }

    private static func beginning(_ kind: StraceRecording.Kind) -> MemoryCall? {
        switch kind {
        case .whole(let call): call
        case .begun(let call): call
        case .ended, .threadEnded, .superseded: nil
        }
    }

    private mutating func play(_ index: Int) throws(LineFault) {
        let record = recording.records[index]
        let thread = record.thread
        now = record.nanoseconds
        if !processes.isKnown(thread) { try bear(thread, before: index) }
        switch record.kind {
        case .whole(let call):
            try begin(call, thread)
            try end(call, thread, begun: index)
        case .begun(let call):
            if let call { try begin(call, thread) }
        case .ended(let begun):
            if let call = Self.beginning(recording.records[begun].kind) { try end(call, thread, begun: begun) }
        case .threadEnded:
            tearDown(processes.remove(thread))
        case .superseded(let other):
            tearDown(processes.remove(other))
            tearDown(processes.replaceSpace(of: thread))
        }
    }

    /// What a call does where it begins.
    private mutating func begin(_ call: MemoryCall, _ thread: Int32) throws(LineFault) {
        guard let space = processes.space(of: thread) else { return }
        switch call {
        case .map(_, _, replaces: false, _), .attach(_, _, replaces: false), .create: break
        case .segment(let segment, let pages): segments[segment] = pages
        case .askBreak(let address):
            if processes.borrowsSpace(thread) || processes[space: space].programBreak != address,
                processes.isAlone(thread)
            {
                tearDown(processes.replaceSpace(of: thread))
            }
            if let space = processes.space(of: thread) { try carryOut(call, in: space) }
        case .exitGroup:
            processes.leave(thread)
            if processes.isSpaceLeft(space) { release(space) }
        default: try carryOut(call, in: space)
        }
    }

    private mutating func carryOut(_ call: MemoryCall, in space: Int) throws(LineFault) {
        if case .attach(let segment, let page, let replaces) = call {
            // Without shmget's line it is known to have one page.
            let kind = Mapping.Kind(protection: [.read, .write], isShared: true, isAnonymous: true)
            let pages = page..<page + segments[segment, default: 1]
            return try carryOut(.map(pages: pages, kind: kind, replaces: replaces), in: space)
        }
        guard case .map(let pages, var kind, let replaces, _) = call, kind.isShared, kind.isAnonymous else {
            try raise(processes[space: space].carryOut(call), in: space)
            return
        }
        // Each is memory of its own.
        sharedObjects += 1
        kind.object = -sharedObjects
        kind.shift = pages.lowerBound
        try raise(processes[space: space].carryOut(.map(pages: pages, kind: kind, replaces: replaces)), in: space)
    }

    /// What a call does where it ends.
    private mutating func end(_ call: MemoryCall, _ thread: Int32, begun: Int) throws(LineFault) {
        switch call {
        case .map(_, _, replaces: false, _), .attach(_, _, replaces: false):
            if let space = processes.space(of: thread) { try carryOut(call, in: space) }
        case .create(let child, _, _, let parentWaits):
            if let birth = births[child], birth.done < birth.records.count, birth.records[birth.done] <= begun {
                try create(child, begun)
            }
            if parentWaits, processes.borrowsSpace(child) { tearDown(processes.replaceSpace(of: child)) }
        default: break
        }
    }

    /// A thread is seen that is not known: a call that creates it, and has begun, is carried out.
    private mutating func bear(_ thread: Int32, before index: Int) throws(LineFault) {
        if let birth = births[thread], birth.done < birth.records.count, birth.records[birth.done] < index {
            try create(thread, birth.records[birth.done])
        }
        if processes.isKnown(thread) { return }
        if !recording.isFromTheStart, processes.addToOldestGroup(thread) { return }
        let isFirst = processes.isEmpty
        processes.addGroup(of: thread, isShownFromStart: recording.isFromTheStart && isFirst)
    }

    /// Carries out the call begun at record `begun`, the next one that creates `child`.
    private mutating func create(_ child: Int32, _ begun: Int) throws(LineFault) {
        births[child]?.done += 1
        let parent = recording.records[begun].thread
        guard
            case .create(_, let isThread, let sharesSpace, let parentWaits)? =
                Self.beginning(recording.records[begun].kind), let number = processes.space(of: parent)
        else { return }
        // A child that no line is about is not followed: strace ran without -f, or the child is in another namespace.
        let isFollowed = recording.threads.contains(child) && !processes.isKnown(child)
        if sharesSpace {
            guard isFollowed else { return }
            if isThread {
                processes.add(child, toGroupOf: parent)
            } else {
                processes.addGroup(of: child, sharingSpaceOf: parent, borrows: parentWaits)
            }
            return
        }
        try raise(processes[space: number].raisedByFork, in: number)
        guard isFollowed else { return }
        let copy = processes[space: number].copyForChild()
        inheritedMappings += copy.inheritedMappings
        guard inheritedMappings <= Self.mostInheritedMappings else {
            throw LineFault("more than \(Self.mostInheritedMappings) mappings copied by fork; record a shorter run")
        }
        processes.addGroup(of: child, in: copy)
    }

    /// A space that nobody runs in any more has ended.
    private mutating func tearDown(_ ended: (number: Int, space: RecordedSpace)?) {
        guard let ended else { return }
        inheritedMappings -= ended.space.inheritedMappings
        // What a thread has before its first line, and a vfork child's before its fresh image begins, is no space yet.
        if endedSpaces.remove(ended.number) == nil, !ended.space.isBlank { releases.append((now, ended.number)) }
    }

    /// Each process in a space has called exit_group.
    private mutating func release(_ space: Int) {
        if endedSpaces.insert(space).inserted { releases.append((now, space)) }
    }

    private mutating func raise(_ raised: [RaisedEvent], in space: Int) throws(LineFault) {
        guard steps.count + raised.count <= Self.mostSteps else {
            throw LineFault("more than \(Self.mostSteps) invalidations; record a shorter run")
        }
        for event in raised {
            steps.append(RecordedStep(nanoseconds: now, event: event.event, space: space, pages: event.pages))
            if event.isGuess { uncertainSteps += 1 }
        }
    }
}

extension KernelEvents {
    /// Reads a recording of calls; see ``Trace/init(contentsOf:)``. Throws a ``TraceError`` where it cannot be read.
    package init(contentsOf path: String, by rules: LinuxRules) throws(TraceError) {
        var lines = TraceLines(path: path)
        try TraceFile(path: path).read(into: &lines)
        let contents = try lines.finish()
        guard case .calls(let recording) = contents.recording else {
            throw TraceError(file: path, message: "holds events and no calls")
        }
        do throws(LineFault) {
            try self.init(recording, by: rules)
        } catch {
            throw TraceError(file: path, message: error.message)
        }
    }
}

/// Numbers the pages that a recording's invalidations touch from 0, without gaps.
///
/// Each address space has a region of its own, in the order in which the spaces appeared. Within a region the pages
/// keep their order: those that are neighbours stay neighbours, what no invalidation touches vanishes, and each
/// invalidation stays one range of as many pages.
struct PageNumbering {
    /// The most pages that a trace may touch: 256 GiB of address space.
    static let mostPages = 1 << 26

    /// A longest run of touched pages.
    private struct Run {
        let space: Int
        var pages: Range<Int>
        /// The number of its first page.
        let number: Int
    }

    /// Sorted by space, then by page.
    private let runs: [Run]
    /// How many pages have numbers.
    let pages: Int

    /// Throws a ``LineFault`` where the steps touch more than ``mostPages``.
    init(_ steps: [RecordedStep]) throws(LineFault) {
        let sorted = steps.sorted { ($0.space, $0.pages.lowerBound) < ($1.space, $1.pages.lowerBound) }
        var runs: [Run] = []
        var total = 0
        for step in sorted {
            if let last = runs.last, last.space == step.space, step.pages.lowerBound <= last.pages.upperBound {
                let end = max(last.pages.upperBound, step.pages.upperBound)
                total += end - last.pages.upperBound
                runs[runs.count - 1].pages = last.pages.lowerBound..<end
            } else {
                runs.append(Run(space: step.space, pages: step.pages, number: total))
                total += step.pages.count
            }
            guard total <= Self.mostPages else {
                throw LineFault(
                    "the invalidations touch more than \(Self.mostPages) pages (\(Self.mostPages >> 18) GiB); "
                        + "record a smaller program")
            }
        }
        self.runs = runs
        pages = total
    }

    /// The numbers of a step's pages. Precondition: it is one of the steps that `init` was given.
    func numbers(of step: RecordedStep) -> Range<Int> {
        // The last run that begins at the step's first page or before it.
        let run = runs[
            runs.firstIndex(fromWhere: { ($0.space, $0.pages.lowerBound) > (step.space, step.pages.lowerBound) }) - 1]
        let start = run.number + (step.pages.lowerBound - run.pages.lowerBound)
        return start..<start + step.pages.count
    }
}
