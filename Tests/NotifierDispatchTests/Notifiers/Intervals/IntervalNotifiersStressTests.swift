import Glibc
import Testing

@testable import NotifierDispatch

@Suite("IntervalNotifiers under load")
struct IntervalNotifiersStressTests {
    @Test(
        "Invariants 3, 7, 8, 19 and 26: nothing stale, and nothing raised, while subscriptions come and go",
        arguments: ReadBeginKind.allCases)
    func storm(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let pages = IntervalPages()
            let space = pages.space
            let devices = try [0..<12, 8..<24, 20..<32].map { range in
                let device = IntervalDevice(over: range, of: pages)
                if range == 8..<24 { device.finish = DeviceFinish() }
                if range == 20..<32 { device.failsOneIn = 3 }
                try space.insert(device.subscription, for: device)
                return device
            }
            let (refused, changed, lateCalls) = (EventCounter(), EventCounter(), EventCounter())
            runThreads(5) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<2_000 {
                    // So that there are idle times between sections, in which walks begin.
                    if random.oneIn(4) { usleep(20) }
                    switch number {
                    case 0, 1:
                        let hasChanged = Self.invalidate(pages, devices, using: &random, isNested: random.oneIn(4))
                        (hasChanged ? changed : refused).count()
                    case 2: lateCalls.add(Self.comeAndGo(pages, kind, using: &random))
                    default:
                        let device = devices.randomElement(using: &random) ?? devices[0]
                        let pauses = random.oneIn(4)
                        let page = Int.random(in: device.subscription.range.pages, using: &random)
                        _ = device.fault(at: page, kind) { if pauses { sched_yield() } }
                    }
                }
            }
            for device in devices { device.checkAgainstPageTable() }
            #expect(pages.stale.value == 0)
            #expect(lateCalls.value == 0)
            #expect(devices.allSatisfy { $0.installs.value > 0 })
            #expect(changed.value > 0)
            #expect(refused.value > 0)
            #expect(space.activeCount == 0)
            #expect(space.intervals.activeCount == 0)
            #expect(space.intervals.sequenceNow % 2 == 0)
            #expect(space.intervals.sleeperCount == 0)
            #expect(!space.intervals.hasDeferred)
            #expect(space.intervals.state.pointee.tree.checkedNodes()?.count == devices.count)
            space.release()
        }
    }

    /// A section over random pages, with another one inside where it is nested. `false` where it would have blocked.
    static func invalidate(
        _ pages: IntervalPages, _ devices: [IntervalDevice], using random: inout SeededRandom, isNested: Bool
    ) -> Bool {
        let start = Int.random(in: 0..<IntervalPages.count, using: &random)
        let range = start..<min(start + Int.random(in: 1...6, using: &random), IntervalPages.count)
        let invalidation = random.oneIn(2) ? Invalidation.blockable(range) : .nonBlockable(range)
        guard let section = pages.space.invalidateRangeStart(invalidation) else { return false }
        for device in devices { device.checkNothingVisible(range) }
        if isNested { _ = invalidate(pages, devices, using: &random, isNested: false) }
        pages.change(range)
        for device in devices { device.checkNothingVisible(range) }
        pages.space.invalidateRangeEnd(section)
        return true
    }

    /// The life of a device that serves some faults. Returns how many calls came after its end.
    static func comeAndGo(_ pages: IntervalPages, _ kind: ReadBeginKind, using random: inout SeededRandom) -> Int {
        let device = IntervalDevice(over: 4..<Int.random(in: 5...IntervalPages.count, using: &random), of: pages)
        let subscription = device.subscription
        guard (try? pages.space.insert(subscription, for: device)) != nil else { return 1 }
        for _ in 0..<Int.random(in: 0..<3, using: &random) { _ = device.fault(at: 4, kind) {} }
        if random.oneIn(2) {
            pages.space.removeDeferred(subscription) { device.isOver.open() }
        } else {
            pages.space.remove(subscription)
            device.isOver.open()
            if device.fault(at: 4, kind, duringWalk: {}) { pages.stale.count() }
        }
        return device.lateCalls.value
    }

    @Test(
        "Invariants 22, 25 and 37: release and removals that meet faults and sections leave nobody asleep or called",
        arguments: ReadBeginKind.allCases)
    func endingsUnderLoad(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            for round in 0..<60 {
                let pages = IntervalPages()
                let wrong = EventCounter()
                let devices = try (0..<4).map { number in
                    let device = IntervalDevice(over: number * 4..<number * 4 + 12, of: pages)
                    try pages.space.insert(device.subscription, for: device)
                    return device
                }
                runThreads(4) { number in
                    var random = SeededRandom(seed: number + 4 * round)
                    switch number {
                    case 0:
                        pages.space.remove(devices[0].subscription)
                        pages.space.removeDeferred(devices[1].subscription)
                        if round % 2 == 0 { pages.space.release() }
                    case 1:
                        for _ in 0..<20 { _ = Self.invalidate(pages, [], using: &random, isNested: true) }
                        pages.space.release()
                    default:
                        for device in devices {
                            var isDead = false
                            for _ in 0..<10 {
                                let isAlive = device.fault(at: device.subscription.range.startPage, kind) {}
                                if isDead, isAlive { wrong.count() }
                                isDead = !isAlive
                            }
                        }
                    }
                }
                #expect(wrong.value == 0)
                #expect(pages.stale.value == 0)
                #expect(devices.allSatisfy { $0.subscription.beginsAtOnce(kind) == .dead })
                #expect(pages.space.intervals.nodesInTree.isEmpty)
                #expect(pages.space.intervals.sleeperCount == 0)
                #expect(pages.space.intervals.activeCount == 0)
            }
        }
    }
}
