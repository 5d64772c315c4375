import NotifierDispatch

/// One invalidation as the recorded program's pages are numbered: byte address divided by the page size.
struct RecordedStep: Equatable {
    let nanoseconds: UInt64
    let event: InvalidationEvent
    /// The address space, by its number in ``RecordedProcesses``.
    let space: Int
    let pages: Range<Int>
}

/// Plays a recording through a model of Linux's memory management and notes what the kernel tells its notifiers.
///
/// The rules, each from `mm/` or `kernel/fork.c`:
/// - A call takes effect where it begins, since another thread may use what it frees before strace shows its end; a
///   mapping whose place the kernel chose, and a new process, where it ends, or where the child's first line stands.
/// - An address that the trace never shows mapped is invalidated as any other.
/// - fork copies the space: the parent's private writable mappings that are known are write-protected, one event each.
/// - execve is not recorded. A process has a fresh image, and leaves its old space, when `brk(NULL)` shows another
///   break than its space is known to have and it has one thread; a vfork child also at any `brk(NULL)`, and at the
///   latest when its parent goes on.
/// - A space ends when each process in it has called exit_group, or when its last thread is gone: what is mapped then
///   is unmapped, one event for each mapping.
/// - Threads that no call in the trace created belong to the process that strace was attached to, or, where strace
///   started the program, each to a space of its own (a child in another process-id namespace).
struct KernelEvents {
    /// The most invalidations that a trace may hold.
    static let mostSteps = 1 << 24
    /// The most mappings that living children may have from their parents, together.
    static let mostInheritedMappings = 1 << 24

    /// In the order in which they came.
    private(set) var steps: [RecordedStep] = []
    private let recording: StraceRecording
    private var processes = RecordedProcesses()
    /// For each child, the records where the calls that create it begin, and how many of them have been carried out.
    private var births: [Int32: (records: [Int], done: Int)] = [:]
    private var inheritedMappings = 0
    /// The time of the record that is being played.
    private var now: UInt64 = 0

    /// Throws a ``LineFault`` where the recording is larger than the limits.
    init(_ recording: StraceRecording) throws(LineFault) {
        self.recording = recording
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
            try tearDown(processes.remove(thread))
        case .superseded(let other):
            try tearDown(processes.remove(other))
            try tearDown(processes.replaceSpace(of: thread))
        }
        guard steps.count <= Self.mostSteps else {
            throw LineFault("more than \(Self.mostSteps) invalidations; record a shorter run")
        }
    }

    /// What a call does where it begins.
    private mutating func begin(_ call: MemoryCall, _ thread: Int32) throws(LineFault) {
        guard let space = processes.space(of: thread) else { return }
        switch call {
        case .map(let pages, let kind, let replaces):
            guard replaces else { return }
            raiseUnmap(over: pages, in: space)
            processes[space: space].mapped.map(pages, kind)
        case .unmap(let pages):
            raise(.unmap, pages, in: space)
            processes[space: space].mapped.unmap(pages)
        case .move(let from, let to, let replaces, let keepsSource):
            move(from, to, replaces, keepsSource, in: space)
        case .protect(let pages, let protection):
            raise(.protectionVMA, pages, in: space)
            processes[space: space].mapped.modify(pages) { $0.protection = protection }
        case .invalidate(let event, let pages):
            raise(event, pages, in: space)
        case .setForkRule(let pages, let rule):
            processes[space: space].mapped.modify(pages) { $0.forkRule = rule }
        case .askBreak(let address):
            if processes.borrowsSpace(thread) || processes[space: space].programBreak != address,
                processes.isAlone(thread)
            {
                try tearDown(processes.replaceSpace(of: thread))
            }
            guard let space = processes.space(of: thread) else { return }
            processes[space: space].programBreak = address
        case .setBreak(let address):
            setBreak(address, in: space)
        case .create: break
        case .exitGroup:
            processes.leave(thread)
            if processes.isSpaceLeft(space) {
                try raise(.unmap, overEach: processes[space: space].mapped.removeAll(), in: space)
            }
        }
    }

    /// What a call does where it ends.
    private mutating func end(_ call: MemoryCall, _ thread: Int32, begun: Int) throws(LineFault) {
        switch call {
        case .map(let pages, let kind, replaces: false):
            guard let space = processes.space(of: thread) else { return }
            processes[space: space].mapped.map(pages, kind)
        case .create(let child, _, _, let parentWaits):
            if let birth = births[child], birth.done < birth.records.count, birth.records[birth.done] <= begun {
                try create(child, begun)
            }
            if parentWaits, processes.borrowsSpace(child) { try tearDown(processes.replaceSpace(of: child)) }
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
        processes.addGroup(of: thread, in: .init())
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
        let mapped = processes[space: number].mapped
        try raise(.protectionPage, overEach: mapped.mappings.filter(\.isCopiedOnWrite), in: number)
        guard isFollowed else { return }
        var copy = RecordedProcesses.Space(
            mapped: mapped.copyForChild(), programBreak: processes[space: number].programBreak)
        copy.inheritedMappings = copy.mapped.mappings.count
        inheritedMappings += copy.inheritedMappings
        guard inheritedMappings <= Self.mostInheritedMappings else {
            throw LineFault("more than \(Self.mostInheritedMappings) mappings copied by fork; record a shorter run")
        }
        processes.addGroup(of: child, in: copy)
    }

    private mutating func move(
        _ from: Range<Int>, _ to: Range<Int>, _ replaces: Bool, _ keepsSource: Bool, in space: Int
    ) {
        let kept = from.prefix(to.count)
        let pieces = processes[space: space].mapped.pieces(
            of: from.isEmpty ? from.lowerBound..<from.lowerBound + 1 : kept)
        let kind = pieces.last?.kind ?? .privateMemory
        if replaces { raiseUnmap(over: to, in: space) }
        if kept.endIndex < from.upperBound {
            raise(.unmap, kept.endIndex..<from.upperBound, in: space)
            processes[space: space].mapped.unmap(kept.endIndex..<from.upperBound)
        }
        if from.lowerBound == to.lowerBound {
            if to.upperBound > from.upperBound {
                processes[space: space].mapped.map(from.upperBound..<to.upperBound, kind)
            }
            return
        }
        if !kept.isEmpty { raise(.unmap, kept, in: space) }
        if !keepsSource { processes[space: space].mapped.unmap(kept) }
        processes[space: space].mapped.map(to, kind)
        for piece in pieces where !from.isEmpty {
            let start = to.lowerBound + (piece.pages.lowerBound - from.lowerBound)
            processes[space: space].mapped.map(start..<start + piece.pages.count, piece.kind)
        }
    }

    private mutating func setBreak(_ address: UInt64, in space: Int) {
        let old = processes[space: space].programBreak
        processes[space: space].programBreak = address
        guard let old, let oldPages = Mapping.pages(at: 0, size: old),
            let newPages = Mapping.pages(at: 0, size: address)
        else { return }
        if newPages.count < oldPages.count {
            raise(.unmap, newPages.count..<oldPages.count, in: space)
            processes[space: space].mapped.unmap(newPages.count..<oldPages.count)
        } else {
            processes[space: space].mapped.map(oldPages.count..<newPages.count, .privateMemory)
        }
    }

    /// A space that nobody runs in any more is unmapped.
    private mutating func tearDown(_ ended: (number: Int, space: RecordedProcesses.Space)?) throws(LineFault) {
        guard let ended else { return }
        inheritedMappings -= ended.space.inheritedMappings
        try raise(.unmap, overEach: ended.space.mapped.mappings, in: ended.number)
    }

    /// A mapping at a fixed place unmaps what it covers: from the first page that is known mapped to the last one.
    private mutating func raiseUnmap(over pages: Range<Int>, in space: Int) {
        if let hull = processes[space: space].mapped.hull(of: pages) { raise(.unmap, hull, in: space) }
    }

    private mutating func raise(
        _ event: InvalidationEvent, overEach mappings: [Mapping], in space: Int
    ) throws(LineFault) {
        guard steps.count + mappings.count <= Self.mostSteps else {
            throw LineFault("more than \(Self.mostSteps) invalidations; record a shorter run")
        }
        for mapping in mappings where !mapping.isReservation { raise(event, mapping.pages, in: space) }
    }

    private mutating func raise(_ event: InvalidationEvent, _ pages: Range<Int>, in space: Int) {
        steps.append(RecordedStep(nanoseconds: now, event: event, space: space, pages: pages))
    }
}
