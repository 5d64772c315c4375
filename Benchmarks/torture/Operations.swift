import Glibc
import TorturedDispatch

/// What the threads of the torture do. Each draws the next operation from its own generator.
enum Operations {
    /// One operation, which the watchdog gives its time as a whole.
    static func runOne(on life: SpaceLife, _ record: ThreadRecord) {
        record.during(.operation) { draw(life, record) }
    }

    private static func draw(_ life: SpaceLife, _ record: ThreadRecord) {
        if record.random.oneIn(32) { return burst(life, record) }
        switch record.random.below(100) {
        case 0..<50: fault(life, record)
        case 50..<72: section(life, record)
        case 72..<76: cache(life, record)
        case 76..<79: subscriber(life, record)
        case 79..<82: interval(life, record)
        case 82..<86: shared(life, record)
        case 86..<88: age(life, record)
        case 88..<91: life.adopt(record)
        case 91..<93: deferred(record)
        default:
            if let driver = life.intervals.first {
                driver.fault(at: page(&record.random), lockFree: record.random.oneIn(2), record)
            }
        }
    }

    /// Mostly where it is hot.
    static func page(_ random: inout SeededRandom) -> Int {
        random.oneIn(4)
            ? Int(random.below(UInt64(PageTable.count)))
            : PageTable.hot.lowerBound + Int(random.below(UInt64(PageTable.hot.count)))
    }

    /// Mostly a few pages where it is hot, seldom half of them all.
    static func range(_ random: inout SeededRandom) -> InvalidationRange {
        let start = page(&random)
        let count = random.oneIn(16) ? 1 + Int(random.below(600)) : 1 + Int(random.below(6))
        return InvalidationRange(pages: start..<min(PageTable.count, start + count))!
    }

    // MARK: Faults

    static func fault(_ life: SpaceLife, _ record: ThreadRecord) {
        let cache = life.caches[Int(record.random.below(2))]
        let page = page(&record.random)
        // As Linux's faults, which hold the mapping lock all along.
        guard !record.holdsMapping, record.openSections == 0, record.random.oneIn(5) else {
            return fault(cache, at: page, life, record)
        }
        life.mapping.holding(shared: true) {
            record.holdsMapping = true
            fault(cache, at: page, life, record)
            record.holdsMapping = false
        }
    }

    static func fault(_ cache: any TorturedCache, at page: Int, _ life: SpaceLife, _ record: ThreadRecord) {
        let form = FaultForm(rawValue: record.random.below(16) == 0 ? 4 : record.random.below(4))!
        let status = record.during(.fault, page..<page + 1) {
            cache.fault(at: page, as: form) { walk(of: page, number: $0, life, record) }
        }
        switch status {
        case .installed: Counts.installed.count()
        case .absent: Counts.absent.count()
        case .dead: Counts.dead.count()
        case .busy: Counts.busy.count()
        }
        if Busted.is(.exclusiveGate), !record.holdsMapping, record.openSections == 0, record.random.oneIn(8) {
            life.gate.holding {
                _ = record.during(.fault, page..<page + 1) {
                    cache.fault(at: page, as: .closure) { _ in life.mapping.holding(shared: true) {} }
                }
            }
        }
    }

    /// What a walk does besides looking a page up. Under a guard that holds a lock over it, it only takes its time.
    private static func walk(of page: Int, number: Int, _ life: SpaceLife, _ record: ThreadRecord) {
        record.random.delay(sleep: 200)
        guard !life.holdsLock, record.openSections == 0 else { return }
        let isFree = !record.holdsMapping
        switch record.random.below(16) {
        case 0..<5:
            if isFree { life.mapping.holding(shared: true) { record.random.delay(sleep: 100) } }
        case 5:
            // If each walk did, the fault would be busy by contract. The section may lie over the page itself.
            guard number == 1, !record.isNested, life.wantsSections else { return }
            record.isNested = true
            Counts.nestedSections.count()
            life.section(over: range(&record.random), record)
            record.isNested = false
        case 6: Signals.letIn(record, life)
        case 7 where !record.isNested:
            // As the walk of a device that is behind another one.
            record.isNested = true
            let other = life.caches[Int(record.random.below(2))]
            _ = record.during(.fault, page..<page + 1) { other.fault(at: page, as: .slot) { _ in } }
            record.isNested = false
        default: break
        }
    }

    // MARK: Sections

    static func section(_ life: SpaceLife, _ record: ThreadRecord) {
        guard life.wantsSections else { return record.random.delay(sleep: 100) }
        switch record.random.below(8) {
        case 0..<3: life.mapping.holding { underMapping(record) { anySection(life, record) } }
        case 3:
            life.mapping.holding(shared: true) { underMapping(record) { anySection(life, record) } }
        default: anySection(life, record)
        }
    }

    private static func underMapping(_ record: ThreadRecord, _ body: () -> Void) {
        record.holdsMapping = true
        body()
        record.holdsMapping = false
    }

    private static func anySection(_ life: SpaceLife, _ record: ThreadRecord) {
        let range = range(&record.random)
        switch record.random.below(16) {
        case 0..<4: life.section(over: range, isBlockable: false, record)
        case 4: life.section(over: range, event: .migrate, owner: life.owner, record)
        case 5..<8 where !life.holdsLock: nestedSections(life, over: range, record)
        case 8..<10 where !life.holdsLock && !record.holdsMapping: handOver(life, range, record)
        case 10 where SeededRandom.maySleep:
            life.section(over: range, event: .unmap, record) { usleep(useconds_t(record.random.below(2_000))) }
        default: life.section(over: range, record)
        }
    }

    /// Two sections of one thread, which end in either order, with a fault inside.
    private static func nestedSections(_ life: SpaceLife, over range: InvalidationRange, _ record: ThreadRecord) {
        Counts.nestedSections.count()
        guard let outer = life.start(range, .clear, true, nil, record) else { return }
        let other = Self.range(&record.random)
        guard let inner = life.start(other, .protectionPage, record.random.oneIn(2), nil, record) else {
            return life.end(outer, record)
        }
        if !life.isPatient, record.random.oneIn(4) { fault(life, record) }
        let outerFirst = record.random.oneIn(2)
        life.end(outerFirst ? outer : inner, record)
        life.end(outerFirst ? inner : outer, record)
    }

    /// Leaves the end of a section to another thread.
    private static func handOver(_ life: SpaceLife, _ range: InvalidationRange, _ record: ThreadRecord) {
        guard let open = life.start(range, .clear, true, nil, record) else { return }
        record.turn(into: .handOver)
        // Before it is put: whoever takes it may end it at once.
        Counts.handedOver.count()
        if life.mailbox.put(open) {
            record.openSections -= 1
            return record.pop()
        }
        life.end(open, record)
        Counts.adopted.count()
    }

    // MARK: The rest

    /// Many faults or sections at the same few pages without anything between: for races that last some nanoseconds.
    private static func burst(_ life: SpaceLife, _ record: ThreadRecord) {
        let cache = life.caches[Int(record.random.below(2))]
        let form = FaultForm(rawValue: 1 + record.random.below(2))!
        let faults = record.random.oneIn(2)
        for _ in 0..<500 where faults || life.wantsSections {
            let page = PageTable.hot.lowerBound + Int(record.random.below(4))
            if faults {
                _ = record.during(.fault, page..<page + 1) { cache.fault(at: page, as: form) { _ in } }
            } else {
                life.section(over: InvalidationRange(pages: page..<page + 1)!, record)
            }
        }
    }

    static func age(_ life: SpaceLife, _ record: ThreadRecord) {
        record.during(.age) {
            let range = range(&record.random)
            let isYoung =
                switch record.random.below(3) {
                case 0: life.space.clearFlushYoung(range)
                case 1: life.space.clearYoung(range)
                default: life.space.testYoung(range.startPage)
                }
            if isYoung { Verdict.fail(.wrongOutcome, "pages are young that nobody watches") }
        }
    }

    static func deferred(_ record: ThreadRecord) {
        switch record.random.below(4) {
        case 0: record.during(.synchronize) { RCU.synchronize() }
        case 1: record.during(.synchronize) { AddressSpace.synchronize() }
        default:
            record.during(.defer_) {
                Counts.completionsOwed.count()
                RCU.afterGracePeriod { Counts.completions.count() }
            }
        }
    }
}
