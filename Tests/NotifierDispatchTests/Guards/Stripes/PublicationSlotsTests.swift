import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("Publication slots")
struct PublicationSlotsTests {
    final class Slots: Sendable {
        let slots = PublicationSlots()

        /// A thread that waits until nobody installs one of the pages, and then opens `gate`.
        func waitUntilNone(in pages: Range<Int>, after start: Gate? = nil, then gate: Gate) -> RegisteredThread {
            RegisteredThread {
                start?.wait()
                self.slots.waitUntilNone(in: pages)
                gate.open()
            }
        }

        /// How much of the memory is there, in pages of the system's.
        var residentPages: Int {
            let pageSize = sysconf(Int32(_SC_PAGESIZE))
            var residency = [UInt8](repeating: 0, count: ThreadLines.size / pageSize + 1)
            guard mincore(slots.lines.start, ThreadLines.size, &residency) == 0 else { return -1 }
            return residency.count { $0 & 1 != 0 }
        }
    }

    @Test("The wait is for whoever installs one of the pages, and for nobody else")
    func waitsForThePages() {
        let slots = Slots()
        RCU.withRegisteredThread {
            for pages in [0..<5, 6..<9, 5..<5] {
                slots.slots.mine.publish(PublishedPages(5))
                // From another thread: it looks at all slots.
                let hasReturned = Gate()
                let waiter = slots.waitUntilNone(in: pages, then: hasReturned)
                #expect(eventually { hasReturned.isOpen })
                slots.slots.mine.clear()
                waiter.join()
            }
            for pages in [5..<6, 0..<6, 5..<9, 0..<Int.max] {
                slots.slots.mine.publish(PublishedPages(5))
                let hasReturned = Gate()
                let waiter = slots.waitUntilNone(in: pages, then: hasReturned)
                #expect(!hasReturned.waitInVain())
                slots.slots.mine.clear()
                waiter.join()
            }
        }
    }

    @Test("A range is waited for by whoever shares a page with it; one of 65,536 pages or more is taken to have no end")
    func publishedRanges() {
        func waiters(for range: Range<Int>, among pages: [Range<Int>]) -> [Range<Int>] {
            pages.filter { PublishedPages(.of(range)).overlap($0) }
        }
        let looks = [0..<4, 3..<5, 4..<5, 6..<7, 4..<8, 0..<Int.max, 7..<9, 8..<9]
        #expect(waiters(for: 4..<8, among: looks) == [3..<5, 4..<5, 6..<7, 4..<8, 0..<Int.max, 7..<9])
        #expect(waiters(for: 4..<5, among: looks) == [3..<5, 4..<5, 4..<8, 0..<Int.max])
        #expect(PublishedPages(4).word == PublishedPages(.of(4..<5)).word)
        let far = [0..<10, 65_543..<65_544, 65_544..<65_545, 65_545..<65_546, 1 << 40..<1 << 41]
        // The last that is counted, and the first that is not.
        #expect(waiters(for: 10..<65_545, among: far) == [65_543..<65_544, 65_544..<65_545])
        #expect(waiters(for: 10..<65_546, among: far) == Array(far.dropFirst()))
        #expect(PublishedPages(.of(1 << 40..<1 << 41)).first == 1 << 40)
        #expect(PublishedPages(word: 0) == nil)
    }

    @Test("Page 0 is a page, and not nothing")
    func pageZero() {
        let slots = Slots()
        RCU.withRegisteredThread {
            slots.slots.mine.publish(PublishedPages(0))
            let hasReturned = Gate()
            let waiter = slots.waitUntilNone(in: 0..<1, then: hasReturned)
            #expect(!hasReturned.waitInVain())
            slots.slots.mine.clear()
            slots.slots.mine.publish(PublishedPages(1))
            #expect(eventually { hasReturned.isOpen })
            slots.slots.mine.clear()
            waiter.join()
        }
    }

    @Test("Whose index was given out after the slots were made is waited for, and so is an index that is used again")
    func laterThreads() async {
        // In a process of its own: other tests' threads would take lower indices, or have taken higher ones.
        await #expect(processExitsWith: .success) {
            let slots = Slots()
            precondition(ThreadRegistration.indexLimit == 0)
            for _ in 0..<2 {
                // Those that wait come first: the highest index is a publisher's.
                let mayLook = (0..<3).map { _ in Gate() }
                let haveReturned = (0..<3).map { _ in Gate() }
                let waiters = (0..<3).map { page in
                    slots.waitUntilNone(in: page..<page + 1, after: mayLook[page], then: haveReturned[page])
                }
                precondition(eventually { ThreadRegistration.indexLimit >= 3 })
                let arePublished = EventCounter()
                let mayClear = (0..<3).map { _ in Gate() }
                let publishers = (0..<3).map { page in
                    RegisteredThread {
                        slots.slots.mine.publish(PublishedPages(page))
                        arePublished.count()
                        mayClear[page].wait()
                        slots.slots.mine.clear()
                    }
                }
                precondition(eventually { arePublished.value == 3 })
                for page in 0..<3 {
                    mayLook[page].open()
                    precondition(!haveReturned[page].waitInVain(), "page \(page) was not waited for")
                    mayClear[page].open()
                    waiters[page].join()
                }
                for publisher in publishers { publisher.join() }
            }
            precondition(ThreadRegistration.indexLimit == 6, "no index was used again")
        }
    }

    @Test("What nobody publishes in takes no memory")
    func residency() {
        let slots = Slots()
        #expect(slots.residentPages == 0)
        RCU.withRegisteredThread {
            slots.slots.mine.publish(PublishedPages(7))
            slots.slots.mine.clear()
        }
        #expect(slots.residentPages == 1)
    }

    @Test("A thread that knows nothing of the engine gets a slot of its own")
    func slotOnFirstUse() {
        let slots = Slots()
        let isPublished = Gate()
        let mayClear = Gate()
        let publisher = PlainThread {
            slots.slots.mine.publish(PublishedPages(0))
            isPublished.open()
            mayClear.wait()
            slots.slots.mine.clear()
        }
        isPublished.wait()
        let hasReturned = Gate()
        let waiter = slots.waitUntilNone(in: 0..<1, then: hasReturned)
        #expect(!hasReturned.waitInVain())
        mayClear.open()
        #expect(eventually { hasReturned.isOpen })
        waiter.join()
        publisher.join()
    }
}
