import Synchronization

@testable import NotifierDispatch

/// A small page table whose subscribers hold translations of ranges of it. A page's generation is what changes.
final class IntervalPages: @unchecked Sendable {
    // @unchecked: the words behind the pointer are atomics.
    static var count: Int { 32 }

    let space = AddressSpace()
    let stale = EventCounter()
    private let generations: UnsafeMutablePointer<Atomic<Int>>

    init() {
        generations = .allocate(capacity: Self.count)
        for page in 0..<Self.count { (generations + page).initialize(to: Atomic(1)) }
    }

    deinit {
        generations.deinitialize(count: Self.count)
        generations.deallocate()
    }

    func generation(_ page: Int) -> Int { generations[page].load(ordering: .relaxed) }

    /// What a section is for. Relaxed, like the look at a page: the sections have to order it.
    func change(_ pages: Range<Int>) {
        for page in pages { generations[page].wrappingAdd(1, ordering: .relaxed) }
    }
}

/// The translations that one device holds of a range. Finds what is stale where two generations of a page meet, where a
/// teardown meets an older one than the page's, and inside sections, where there must be none.
final class IntervalDevice: IntervalSubscriber, @unchecked Sendable {
    // @unchecked: the words behind the pointer are atomics; the rest is set up before the insertion.
    private static var nothing: Int { 0 }

    let pages: IntervalPages
    let subscription: IntervalSubscription
    /// Every so many non-blockable starts would block; 0 for none.
    var failsOneIn = 0
    /// Tears down in a second pass, where nobody else has the object.
    var finish: DeviceFinish?
    let isOver = Gate()
    let lateCalls = EventCounter()
    let installs = EventCounter()
    private let starts = EventCounter()
    private let translations: UnsafeMutablePointer<Atomic<Int>>

    init(over range: Range<Int>, of pages: IntervalPages) {
        self.pages = pages
        subscription = IntervalSubscription(over: .of(range), in: pages.space)
        translations = .allocate(capacity: IntervalPages.count)
        for page in 0..<IntervalPages.count { (translations + page).initialize(to: Atomic(Self.nothing)) }
    }

    deinit {
        translations.deinitialize(count: IntervalPages.count)
        translations.deallocate()
    }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        if isOver.isOpen { lateCalls.count() }
        starts.count()
        if failsOneIn > 0, !invalidation.isBlockable, starts.value % failsOneIn == 0 { return .wouldBlock }
        subscription.lock()
        defer { subscription.unlock() }
        subscription.record(sequence)
        if let finish, finish.claim() {
            finish.device = self
            return .finishLater(finish)
        }
        tearDown(invalidation.range)
        return .done
    }

    /// With the lock held.
    fileprivate func tearDown(_ range: InvalidationRange) {
        guard let mine = range.intersection(subscription.range) else { return }
        for page in mine.pages {
            // The page first, so that an older translation has outlived the start of the section that changed it.
            let current = pages.generation(page)
            let old = translations[page].exchange(Self.nothing, ordering: .acquiringAndReleasing)
            if old != Self.nothing, old < current { pages.stale.count() }
        }
    }

    /// A fault that gives up after some collisions. `false` where the subscription is over.
    func fault(at page: Int, _ kind: ReadBeginKind, duringWalk work: () -> Void) -> Bool {
        for _ in 0..<8 {
            let ticket: IntervalSubscription.Ticket
            switch subscription.readBegin(kind, until: .never) {
            case .ticket(let begun): ticket = begun
            case .busy: continue
            case .dead: return false
            }
            let generation = pages.generation(page)
            work()
            if subscription.checkRetry(ticket) { continue }
            subscription.lock()
            defer { subscription.unlock() }
            if subscription.readRetry(ticket) { continue }
            let old = translations[page].exchange(generation, ordering: .acquiringAndReleasing)
            if old != Self.nothing, old != generation { pages.stale.count() }
            installs.count()
            return true
        }
        return true
    }

    /// Inside a section over the pages: anything visible is stale.
    func checkNothingVisible(_ range: Range<Int>) {
        for page in range where translations[page].load(ordering: .acquiring) != Self.nothing { pages.stale.count() }
    }

    /// When all threads are done: what is visible is what the page table says.
    func checkAgainstPageTable() {
        for page in 0..<IntervalPages.count {
            let visible = translations[page].load(ordering: .acquiring)
            if visible != Self.nothing, visible != pages.generation(page) { pages.stale.count() }
        }
    }
}

/// A teardown that runs when all subscribers have been told.
final class DeviceFinish: InvalidationFinish, @unchecked Sendable {
    // @unchecked: touched by whoever has claimed the object.
    var device: IntervalDevice?

    override func finish(_ invalidation: Invalidation) {
        guard let device = device.take() else { return }
        device.subscription.lock()
        device.tearDown(invalidation.range)
        device.subscription.unlock()
    }
}
