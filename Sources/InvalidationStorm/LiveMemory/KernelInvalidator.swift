import CLiveMemory
import CPlatform
import Glibc
import Synchronization

/// A thread that drops the parts which faulters hand back, by the call that is measured, and hands them over again.
///
/// Its parts are those whose number, divided by the invalidators, leaves its own: no other invalidator takes them.
struct KernelInvalidator {
    let number: Int
    let memory: KernelMemory
    let control: StormControl
    let clock: TickClock
    /// Where to go on in each area, and in which of them.
    private var places: [Int]
    private var area = 0
    private var copies: ForkedCopies?

    init(number: Int, memory: KernelMemory, control: StormControl, clock: TickClock) {
        self.number = number
        self.memory = memory
        self.control = control
        self.clock = clock
        places = Array(repeating: number, count: memory.faulters)
        copies = memory.work == .cowFork ? ForkedCopies(memory, invalidator: number) : nil
    }

    /// Works through all phases.
    mutating func run(atWindow: (_ isOpening: Bool) -> Void) -> InvalidatorTally {
        var tally = InvalidatorTally()
        var unrecorded = InvalidatorTally()
        while invalidate(before: .window, &unrecorded) {}
        atWindow(true)
        while control.phase == .window, invalidate(before: .coolDown, &tally) {}
        tally.windowTicks = clock.now() &- control.windowStartTicks
        atWindow(false)
        control.leaveWindow()
        while invalidate(before: .stopped, &unrecorded) {}
        copies?.end()
        return tally
    }

    /// Waits for a part and drops it; `false` if the phase begins first.
    private mutating func invalidate(before phase: StormControl.Phase, _ tally: inout InvalidatorTally) -> Bool {
        guard number < memory.parts else {
            // More invalidators than parts: there is nothing for this one.
            while control.phase < phase { usleep(100) }
            return false
        }
        var tries = 0
        while true {
            if control.phase >= phase { return false }
            if copies != nil ? forkForParts(&tally) : changePart(&tally) { return true }
            tries += 1
            if tries & 255 == 0 { sched_yield() } else { cplatform_spin_hint() }
        }
    }

    /// The part at the place in an area, if it was handed back: where it lies, and its turn.
    private func partHandedBack(in area: Int) -> (start: UnsafeMutableRawPointer, turn: UInt64)? {
        // Acquire, from the faulter's release: its touches are over.
        let turn = memory.turn(area: area, part: places[area]).pointee.load(ordering: .acquiring)
        return turn & 1 == 0 ? (memory.start(area: area, part: places[area]), turn) : nil
    }

    /// Hands a part over. Release, to the faulter's acquire: the calls have returned.
    private mutating func handOver(in area: Int, turn: UInt64) {
        memory.turn(area: area, part: places[area]).pointee.store(turn + 1, ordering: .releasing)
        let next = places[area] + memory.invalidators
        places[area] = next < memory.parts ? next : number
    }

    /// Drops the next part of the next area that has one.
    private mutating func changePart(_ tally: inout InvalidatorTally) -> Bool {
        for _ in 0..<memory.faulters {
            area = area + 1 < memory.faulters ? area + 1 : 0
            guard let part = partHandedBack(in: area) else { continue }
            let start = clock.now()
            memory.change(part.start, by: number)
            let end = clock.now()
            tally.count(true, from: start, origin: start, to: end, clock: clock)
            memory.check(part.start, turn: part.turn)
            memory.prepare(part.start, by: number)
            handOver(in: area, turn: part.turn)
            return true
        }
        return false
    }

    /// Forks once for all parts that were handed back before.
    private mutating func forkForParts(_ tally: inout InvalidatorTally) -> Bool {
        copies?.begin()
        var areas: [Int: Int] = [:]
        for area in 0..<memory.faulters {
            let first = places[area]
            repeat {
                guard let part = partHandedBack(in: area) else { break }
                copies?.include(part.start, turn: part.turn)
                areas[area, default: 0] += 1
                places[area] = next(after: places[area])
            } while places[area] != first
            places[area] = first
        }
        if areas.isEmpty { return false }
        let start = clock.now()
        copies?.fork()
        let end = clock.now()
        tally.count(true, from: start, origin: start, to: end, clock: clock)
        for (area, parts) in areas {
            for _ in 0..<parts {
                guard let part = partHandedBack(in: area) else { break }
                handOver(in: area, turn: part.turn)
            }
        }
        copies?.endBefore()
        return true
    }

    private func next(after part: Int) -> Int {
        part + memory.invalidators < memory.parts ? part + memory.invalidators : number
    }
}

/// The copies of the process that one invalidator forks. The last one lives until the next one does, so that pages stay
/// shared; at its end it looks whether it still sees what the pages held when it was made.
struct ForkedCopies {
    private let memory: KernelMemory
    private let ticket: UnsafeMutablePointer<UInt32>
    private var number: UInt32 = 0
    private var words: [clive_word] = []
    /// The last copy, and the one before it while both live.
    private var last: Int32?
    private var before: Int32?

    init(_ memory: KernelMemory, invalidator: Int) {
        self.memory = memory
        ticket = memory.tickets + invalidator
        words.reserveCapacity(memory.faulters * memory.parts)
    }

    /// Begins the choice of what the next copy looks at.
    mutating func begin() { words.removeAll(keepingCapacity: true) }

    /// The next copy looks at one page of this part, another one at each turn.
    mutating func include(_ part: UnsafeMutableRawPointer, turn: UInt64) {
        let page = Int(turn / 2) % memory.work.pagesPerPart
        let word = (part + page * KernelMemory.pageSize).assumingMemoryBound(to: UInt64.self)
        words.append(clive_word(address: word, content: turn))
    }

    /// Makes a copy.
    mutating func fork() {
        number += 1
        let child = clive_fork_copy(words, words.count, ticket, number)
        if child < 0 { fatalError("fork of the measured memory failed: \(String(cString: strerror(-child)))") }
        before = last
        last = child
    }

    /// Ends the copy before the last one.
    mutating func endBefore() {
        guard let child = before else { return }
        clive_release_copies(ticket, number - 1)
        if clive_join_copy(child) != 0 { memory.count(stale: 1) }
        before = nil
    }

    /// Ends all.
    mutating func end() {
        before = last
        last = nil
        number += 1
        endBefore()
    }
}
