import Glibc
import TorturedDispatch

/// One address space from its making to its end, with its page table, two caches over all pages, and those who look on.
///
/// Any number of threads work on it at once. Its end comes in one of two ways: it is released under them, or they leave
/// first, and then everything must balance.
final class SpaceLife: Sendable {
    let kind: TorturedGuard
    let space: AddressSpace
    let table = PageTable()
    let budget: RetryBudget
    /// Whether a fault may wait for as long as it takes. Then no thread faults inside its own section.
    let isPatient: Bool
    let mapping = DriverLock(.mapping)
    /// For ``Busted/exclusiveGate``.
    let gate = DriverLock(.gate)
    let device: FlushingDevice
    let mailbox = Mailbox()
    let owner = InvalidationOwner()
    nonisolated(unsafe) private(set) var caches: [any TorturedCache] = []
    nonisolated(unsafe) private(set) var intervals: [IntervalDriver] = []
    nonisolated(unsafe) private var watchers: [CountingSubscriber] = []
    nonisolated(unsafe) private var subscriptions: [CacheSubscription] = []
    nonisolated(unsafe) private var watching: [Subscription] = []
    nonisolated(unsafe) private var intervalSubscriptions: [IntervalSubscription] = []

    let gets = Count()
    let puts = Count()
    /// Threads that work on it.
    let users = Atomic<Int>(0)
    /// Sections from before their start until after their end.
    let openSections = Atomic<Int>(0)
    /// No new sections, so that those who wait for an idle instant get one.
    let isCalm = Atomic<Bool>(false)
    /// When it was last seen without a section.
    let idleTick = Atomic<Int>(0)
    /// Set before it is released.
    let isEnding = Atomic<Bool>(false)
    /// Processes that are being forked.
    let forks = Atomic<Int>(0)

    var holdsLock: Bool { kind.holdsLock }
    static var everything: InvalidationRange { InvalidationRange(pages: 0..<PageTable.count)! }

    init(_ kind: TorturedGuard, device: FlushingDevice, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        self.kind = kind
        self.device = device
        // A guard that holds a lock may refuse a start and gets ends, which only the targeted undo puts up with.
        let callsAll = !kind.holdsLock && random.oneIn(3)
        space = AddressSpace(pairing: callsAll ? .callAll : .targetedUndo)
        isPatient = random.oneIn(3)
        let (collisions, patience): (UInt32, UInt64) = (random.oneIn(2) ? 2 : 16, isPatient ? 600_000 : 20)
        budget = RetryBudget(
            collisions: collisions, nanoseconds: 1_000_000, fallbackNanoseconds: patience * 1_000_000)
        let everything = Self.everything
        caches = (1...2).map { kind.makeCache(in: self, over: everything, name: "cache \($0)") }
        watchers = [
            CountingSubscriber("the watcher", .receivesEnd),
            CountingSubscriber("the refuser", callsAll ? .mayWouldBlock : [.mayWouldBlock, .receivesEnd]),
            CountingSubscriber("the owner's subscriber", .receivesEnd, owner: owner),
        ]
        do {
            for number in 0..<3 {
                watching.append(try space.register(watchers[number]))
                if number < 2 { subscriptions.append(try caches[number].register()) }
            }
            // Without these, the interval half may be opened by a registration in the middle of sections.
            for number in 0..<Int(random.below(3)) {
                let driver = IntervalDriver(life: self, range: everything, name: "interval driver \(number)")
                let subscription = driver.subscribe(in: space)
                try space.insert(subscription, for: driver)
                intervals.append(driver)
                intervalSubscriptions.append(subscription)
            }
        } catch {
            Verdict.fail(.wrongOutcome, "a registration in a new space failed: \(error)")
        }
        LiveObjects.spaces.begin()
        Counts.lives.count()
    }

    deinit { LiveObjects.spaces.end() }

    // MARK: Sections

    /// Whether a section should begin now. Sections are few enough at a time that there are idle instants: removals from
    /// the interval half wait for one, by contract.
    var wantsSections: Bool {
        !isCalm.load(ordering: .relaxed) && openSections.load(ordering: .relaxed) < 4
    }

    /// A whole section that changes its pages, with all checks. `inside` runs after the change. `false` if it was
    /// refused.
    @discardableResult
    func section(
        over range: InvalidationRange, event: InvalidationEvent = .clear, isBlockable: Bool = true,
        owner: InvalidationOwner? = nil, _ record: ThreadRecord, inside: () -> Void = {}
    ) -> Bool {
        guard let open = start(range, event, isBlockable, owner, record) else { return false }
        inside()
        record.random.delay(sleep: 200)
        end(open, record)
        return true
    }

    /// A section in another thread's hands, or in the same.
    final class OpenSection {
        private var section: InvalidationSection?
        let range: InvalidationRange

        init(_ section: consuming InvalidationSection) {
            range = section.invalidation.range
            self.section = consume section
        }

        func take() -> InvalidationSection { section.take()! }
    }

    /// Opens a section and changes its pages. The caller ends it by ``end(_:_:)``, or hands it over.
    func start(
        _ range: InvalidationRange, _ event: InvalidationEvent, _ isBlockable: Bool, _ owner: InvalidationOwner?,
        _ record: ThreadRecord
    ) -> OpenSection? {
        openSections.wrappingAdd(1, ordering: .sequentiallyConsistent)
        record.push(.start, range.pages)
        let invalidation = Invalidation(range: range, event: event, isBlockable: isBlockable, owner: owner)
        if Busted.is(.exclusiveGate), record.openSections == 0 { gate.holding(shared: true) {} }
        guard let section = space.invalidateRangeStart(invalidation) else {
            record.pop()
            openSections.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            if isBlockable { Verdict.fail(.wrongOutcome, "a blockable start failed") }
            Counts.refusedStarts.count()
            return nil
        }
        record.turn(into: .section)
        record.openSections += 1
        checkNothingVisible(range.pages, "after the start of a section")
        table.change(range.pages)
        record.random.delay(sleep: 200)
        return OpenSection(section)
    }

    func end(_ open: OpenSection, _ record: ThreadRecord) {
        checkNothingVisible(open.range.pages, "before the end of a section")
        record.turn(into: .end)
        space.invalidateRangeEnd(open.take())
        record.openSections -= 1
        record.pop()
        openSections.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    func checkNothingVisible(_ pages: Range<Int>, _ when: @autoclosure () -> String) {
        for cache in caches { cache.shadow.checkNothingVisible(pages, when()) }
        for driver in intervals { driver.shadow.checkNothingVisible(pages, when()) }
    }

    /// Ends the section that was handed over, if there is one.
    func adopt(_ record: ThreadRecord) {
        guard let open = mailbox.take() else { return }
        record.push(.adopt, open.range.pages)
        record.openSections += 1
        end(open, record)
        Counts.adopted.count()
    }

    // MARK: Its course

    /// Lets all sections end once.
    func calm(_ record: ThreadRecord) {
        isCalm.store(true, ordering: .relaxed)
        let latest = Ticks.now + 2
        while openSections.load(ordering: .relaxed) > 0, Ticks.now < latest {
            adopt(record)
            usleep(100)
        }
        noteWhetherIdle()
        isCalm.store(false, ordering: .relaxed)
    }

    func noteWhetherIdle() {
        guard openSections.load(ordering: .sequentiallyConsistent) == 0 else { return }
        idleTick.store(Ticks.now, ordering: .relaxed)
    }

    /// The space ends under those who work on it.
    func release(_ record: ThreadRecord) {
        beginEnd(record)
        record.during(.unregister) { space.release() }
        Counts.livesReleasedInUse.count()
        checkIsOver("after the release of the space")
    }

    /// After the release, or the last unregistration.
    private func checkIsOver(_ when: String) {
        checkNothingVisible(Self.everything.pages, when)
        for cache in caches {
            for form in [FaultForm.closure, .slot] {
                let status = cache.fault(at: 510, as: form) { _ in }
                if status != .dead { Verdict.fail(.wrongOutcome, "a fault \(when) was \(status), and not dead") }
            }
        }
    }

    /// Nobody forks, or hands a section over, any more.
    private func beginEnd(_ record: ThreadRecord) {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        while forks.load(ordering: .sequentiallyConsistent) > 0 { usleep(100) }
        mailbox.close()
        adopt(record)
    }

    /// The end, when no thread works on it any more. Everything is checked; `wasReleased` says whether it was released
    /// before they left.
    func end(wasReleased: Bool, _ record: ThreadRecord) {
        beginEnd(record)
        if openSections.load(ordering: .acquiring) != 0 {
            Verdict.fail(.leakedCount, "the torture itself lost \(openSections.load(ordering: .acquiring)) sections")
        }
        if space.counter.activeCount != 0 {
            Verdict.fail(.leakedCount, "\(space.counter.activeCount) sections are open in an idle space")
        }
        if gets.now != puts.now {
            Verdict.fail(.leakedCount, "shared subscribers were got \(gets.now) times and put \(puts.now) times")
        }
        if !wasReleased {
            for watcher in watchers { watcher.checkBalance() }
            for cache in caches { cache.shadow.checkAgainstPageTable() }
            for driver in intervals { driver.shadow.checkAgainstPageTable() }
            record.during(.idleCheck) { checkIdle(record) }
        }
        for subscription in subscriptions { record.during(.unregister) { space.unregister(subscription) } }
        for subscription in watching { record.during(.unregister) { space.unregister(subscription) } }
        for subscription in intervalSubscriptions { record.during(.remove) { space.remove(subscription) } }
        for driver in intervals {
            driver.shadow.drop(Self.everything.pages)
            driver.forgetSubscription()
        }
        for watcher in watchers {
            watcher.checkReleased()
            watcher.free()
        }
        checkIsOver("after the unregistration")
        if record.random.oneIn(2) { space.release() }
    }

    /// Faults on an idle space install at once, and sections let them in again.
    private func checkIdle(_ record: ThreadRecord) {
        for cache in caches {
            for form in [FaultForm.closure, .slot, .range] {
                for page in PageTable.hot {
                    let status = cache.fault(at: page, as: form) { _ in }
                    if status != .installed || !cache.shadow.isVisible(page) {
                        Verdict.fail(.leakedCount, "a fault of page \(page) on an idle space was \(status)")
                    }
                }
                section(over: InvalidationRange(pages: PageTable.hot)!, record)
            }
        }
    }
}

/// Where a section lies that one thread has begun and another one will end.
final class Mailbox: Sendable {
    private let monitor = Monitor()
    nonisolated(unsafe) private var section: SpaceLife.OpenSection?
    nonisolated(unsafe) private var isClosed = false

    /// `false` if there is one already, or the mailbox is closed.
    func put(_ open: SpaceLife.OpenSection) -> Bool {
        monitor.locked {
            guard section == nil, !isClosed else { return false }
            section = open
            return true
        }
    }

    func take() -> SpaceLife.OpenSection? {
        monitor.locked {
            defer { section = nil }
            return section
        }
    }

    func close() { monitor.locked { isClosed = true } }
}
