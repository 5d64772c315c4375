import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("OpenSections under load")
struct OpenSectionsStressTests {
    /// The sections of one space, of which each thread has one open at a time, and what each of them is doing.
    final class Storm: Sendable {
        static let threads = 3
        let sections = OpenSections()
        /// A number for each thread that opens sections: odd while its section is certainly open.
        private let phases = CacheLineArray<Atomic<Int>>(count: threads) { Atomic(0) }
        let begun = EventCounter()
        let ended = EventCounter()
        let tooEarly = EventCounter()

        func section(of thread: Int, _ body: () -> Void) {
            let parity = sections.counter.raise()
            phases[thread].pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
            body()
            phases[thread].pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
            sections.end(parity: parity)
        }

        func cover() {
            // What is open now, and a moment later, has to have ended at the end of the cover.
            let before = now
            sections.cover {
                begun.count()
            } end: { [self] in
                ended.count()
                for (was, then) in zip(before, now) where was & 1 != 0 && was == then { tooEarly.count() }
            }
        }

        private var now: [Int] {
            (0..<Self.threads).map { phases[$0].pointee.load(ordering: .sequentiallyConsistent) }
        }
    }

    @Test("Every cover ends once, while sections go on, and none before the sections that it met")
    func covers() {
        RCU.withRegisteredThread {
            let storm = Storm()
            let isOver = Gate()
            let stuck = EventCounter()
            let invalidators = (0..<Storm.threads).map { number in
                RegisteredThread {
                    var random = SeededRandom(seed: number)
                    while !isOver.isOpen {
                        storm.section(of: number) { if random.oneIn(4) { sched_yield() } }
                    }
                }
            }
            for round in 0..<2_000 {
                // Now and then beside a section of its own: whether one of the others is open is chance.
                let own = round % 10 == 0 ? storm.sections.counter.raise() : nil
                storm.cover()
                if let own { storm.sections.end(parity: own) }
                // They end while the storm goes on.
                if round % 100 == 99, !eventually({ storm.ended.value == storm.begun.value }) { stuck.count() }
            }
            isOver.open()
            for invalidator in invalidators { invalidator.join() }
            #expect(stuck.value == 0)
            #expect(storm.begun.value > 0)
            #expect(storm.ended.value == storm.begun.value)
            #expect(storm.tooEarly.value == 0)
        }
    }

    @Test("A subscriber that registers in a storm is covered until the sections of its registration have ended")
    func registrationsInAStorm() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let isOver = Gate()
            let invalidators = (0..<Storm.threads).map { number in
                RegisteredThread {
                    var random = SeededRandom(seed: number)
                    while !isOver.isOpen {
                        guard let section = space.invalidateRangeStart(.blockable()) else { return }
                        if random.oneIn(4) { sched_yield() }
                        space.invalidateRangeEnd(section)
                    }
                }
            }
            var covered = 0
            for round in 0..<300 {
                let subscriber = RecordingSubscriber()
                // Now and then beside a section of its own: whether one of the others is open is chance.
                let own = round % 10 == 0 ? space.invalidateRangeStart(.blockable()) : nil
                let subscription = try space.register(subscriber)
                if let own { space.invalidateRangeEnd(own) }
                #expect(eventually { subscriber.coversEnded.value == subscriber.coversStarted.value })
                covered += subscriber.coversStarted.value
                space.unregister(subscription)
                #expect(subscriber.coversStarted.value <= 1)
            }
            isOver.open()
            for invalidator in invalidators { invalidator.join() }
            #expect(covered > 0)
            #expect(space.activeCount == 0)
        }
    }
}
