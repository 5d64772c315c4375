import TorturedDispatch

/// A subscriber of the notifier list that counts what it is told, and that may refuse or take its time.
final class CountingSubscriber: InvalidationSubscriber {
    let capabilities: SubscriberCapabilities
    let owner: InvalidationOwner?
    private let name: String
    /// The sections that it was told of and that have not ended, as a driver counts them.
    private let active = Atomic<Int>(0)
    private let starts = Atomic<UInt64>(0)
    private let ends = Atomic<UInt64>(0)
    private let releases = Atomic<Int>(0)
    /// Set when no callback may come any more.
    private let isFreed = Atomic<Bool>(false)

    init(_ name: String, _ capabilities: SubscriberCapabilities, owner: InvalidationOwner? = nil) {
        self.name = name
        self.capabilities = capabilities
        self.owner = owner
        LiveObjects.subscribers.begin()
    }

    deinit { LiveObjects.subscribers.end() }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        let record = ThreadRecords.mineIfAny
        return callback(invalidation) {
            record?.random.delay(sleep: invalidation.isBlockable ? 100 : 0)
            if let owner, owner == invalidation.owner, [.migrate, .exclusive].contains(invalidation.event) {
                Verdict.fail(.wrongOutcome, "\(name) was told of a section of its own")
            }
            let refuses = capabilities.contains(.mayWouldBlock) && !invalidation.isBlockable && drawsRefusal(record)
            // Relaxed, all counts: they are compared when no thread works on the space.
            if Busted.is(.countedRefusal) || !refuses { active.wrappingAdd(1, ordering: .relaxed) }
            if refuses {
                if Busted.is(.extraEnd) { invalidationEnded(invalidation) }
                return .wouldBlock
            }
            starts.wrappingAdd(1, ordering: .relaxed)
            return .done
        }
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        callback(invalidation) {
            ThreadRecords.mineIfAny?.random.delay(sleep: 0)
            ends.wrappingAdd(1, ordering: .relaxed)
            active.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    func released() {
        guard releases.wrappingAdd(1, ordering: .relaxed).newValue == 1 else {
            Verdict.fail(.doubleFree, "\(name) was released twice")
        }
        // A subscription ends in the middle of sections, whose ends do not come.
        Counts.released.count()
    }

    /// After the end of its subscription, as its driver frees it.
    func free() {
        guard !isFreed.exchange(true, ordering: .acquiringAndReleasing) else {
            Verdict.fail(.doubleFree, "\(name) was freed twice")
        }
    }

    /// At the end of a quiet life, before the subscription ends.
    func checkBalance() {
        let (starts, ends) = (starts.load(ordering: .acquiring), ends.load(ordering: .acquiring))
        let active = active.load(ordering: .acquiring)
        guard capabilities.contains(.receivesEnd) else { return }
        if ends > starts || active < 0 { Verdict.fail(.unpairedEnd, "\(name): \(starts) starts, \(ends) ends") }
        if ends < starts || active > 0 {
            Verdict.fail(.leakedCount, "\(name): \(starts) starts, \(ends) ends, \(active) sections counted as open")
        }
    }

    /// After the end of its subscription.
    func checkReleased() {
        let releases = releases.load(ordering: .acquiring)
        if releases != 1 { Verdict.fail(.leakedCount, "\(name) was released \(releases) times, and not once") }
    }

    private func drawsRefusal(_ record: ThreadRecord?) -> Bool { record?.random.oneIn(3) ?? false }

    private func callback<Result>(_ invalidation: Invalidation, _ body: () -> Result) -> Result {
        checkNotFreed()
        // Also while the callback ran.
        defer { checkNotFreed() }
        guard let record = ThreadRecords.mineIfAny else { return body() }
        return record.during(.callback, invalidation.range.pages, body)
    }

    private func checkNotFreed() {
        guard !isFreed.load(ordering: .acquiring) else {
            Verdict.fail(.useAfterFree, "\(name) was told of a section after it was freed")
        }
    }
}

/// A driver on the interval half, without a guard: it keeps its own sequence, and its faults check it themselves.
final class IntervalDriver: IntervalSubscriber {
    let shadow: ShadowTable
    let range: InvalidationRange
    private let table: PageTable
    private let finish: DeviceFlush
    /// Set once, before the insertion.
    nonisolated(unsafe) private var subscription: IntervalSubscription?
    private let isFreed = Atomic<Bool>(false)

    init(life: SpaceLife, range: InvalidationRange, name: String) {
        self.range = range
        table = life.table
        shadow = ShadowTable(of: life.table, name: name)
        finish = DeviceFlush(life: life)
        LiveObjects.intervalDrivers.begin()
    }

    deinit { LiveObjects.intervalDrivers.end() }

    /// Makes its subscription. To be called once, before it is inserted.
    func subscribe(in space: AddressSpace) -> IntervalSubscription {
        let subscription = IntervalSubscription(over: range, in: space)
        self.subscription = subscription
        return subscription
    }

    /// After the removal: breaks the cycle with its subscription.
    func free() {
        guard !isFreed.exchange(true, ordering: .acquiringAndReleasing) else {
            Verdict.fail(.doubleFree, "an interval subscriber was freed twice")
        }
    }

    /// When nobody faults any more.
    func forgetSubscription() { subscription = nil }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        guard !isFreed.load(ordering: .acquiring) else {
            Verdict.fail(.useAfterFree, "an interval subscriber was told of a section after its removal")
        }
        guard let subscription, let part = invalidation.range.intersection(range) else {
            Verdict.fail(.wrongOutcome, "an interval subscriber was told of a section beside its range")
        }
        let record = ThreadRecords.mineIfAny
        if !invalidation.isBlockable, record?.random.oneIn(4) ?? false { return .wouldBlock }
        subscription.lock()
        subscription.record(sequence)
        if invalidation.event == .release { subscription.markDead() }
        record?.random.delay(sleep: 0)
        shadow.drop(part.pages)
        subscription.unlock()
        guard let record, record.random.oneIn(2), finish.claim() else { return .done }
        return .finishLater(finish)
    }

    func processForked() { shadow.drop(range.pages) }

    /// A fault as Linux's drivers write it.
    func fault(at page: Int, lockFree: Bool, _ record: ThreadRecord) {
        guard let subscription else { return }
        record.during(.intervalFault, page..<page + 1) {
            let deadline = Deadline.after(nanoseconds: 20_000_000)
            for _ in 0..<8 {
                let begun =
                    lockFree
                    ? subscription.readBeginLockFree(until: deadline) : subscription.readBegin(until: deadline)
                guard case .ticket(let ticket) = begun else { return }
                let generation = table[page]
                record.random.delay(sleep: 50)
                if lockFree, subscription.checkRetry(ticket) { continue }
                subscription.lock()
                let collided = subscription.readRetry(ticket)
                if !collided { shadow.install(generation, at: page) }
                subscription.unlock()
                if !collided { return }
            }
        }
    }
}

/// The second pass of an ``IntervalDriver``: the device is asked to flush, and acknowledges in its own time.
final class DeviceFlush: InvalidationFinish, @unchecked Sendable {
    // @unchecked: as its superclass. The life is not held: it outlives its sections.
    private unowned let life: SpaceLife
    private let isRunning = Atomic<Bool>(false)

    init(life: SpaceLife) {
        self.life = life
        super.init()
    }

    override func finish(_ invalidation: Invalidation) {
        guard !isRunning.exchange(true, ordering: .acquiringAndReleasing) else {
            Verdict.fail(.doubleFree, "a second pass runs in two sections at once")
        }
        if let record = ThreadRecords.mineIfAny, !Forks.isChild {
            record.during(.secondPass, invalidation.range.pages) {
                if invalidation.isBlockable { life.device.flush(record) }
                if !life.holdsLock, invalidation.isBlockable, !record.isNested, record.random.oneIn(8) {
                    record.isNested = true
                    life.section(over: Operations.range(&record.random), record)
                    record.isNested = false
                }
            }
        }
        isRunning.store(false, ordering: .releasing)
    }
}

/// A subscriber that the users of a driver in one process share.
final class SharedDriver<Kind>: SharedSubscriber {
    private let isFreed = Atomic<Bool>(false)
    private let wasReleased = Atomic<Bool>(false)

    init(space: AddressSpace) {
        Counts.sharedMade.count()
        LiveObjects.sharedDrivers.begin()
    }

    deinit { LiveObjects.sharedDrivers.end() }

    var capabilities: SubscriberCapabilities { .receivesEnd }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        checkNotFreed()
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) { checkNotFreed() }

    func released() {
        if wasReleased.exchange(true, ordering: .acquiringAndReleasing) {
            Verdict.fail(.doubleFree, "a shared subscriber was released twice")
        }
        checkNotFreed()
    }

    func free() {
        if isFreed.exchange(true, ordering: .acquiringAndReleasing) {
            Verdict.fail(.doubleFree, "a shared subscriber was freed twice")
        }
        Counts.sharedFreed.count()
        // A driver that frees on its own, besides the engine.
        if Busted.is(.freedTwice) { RCU.afterGracePeriod { self.free() } }
    }

    /// Its user works with it.
    func use() { checkNotFreed() }

    private func checkNotFreed() {
        guard !isFreed.load(ordering: .acquiring) else {
            Verdict.fail(.useAfterFree, "a shared subscriber is used after it was freed")
        }
    }
}
