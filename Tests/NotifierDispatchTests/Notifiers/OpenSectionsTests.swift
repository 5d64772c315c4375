import Testing

@testable import NotifierDispatch

@Suite("OpenSections")
struct OpenSectionsTests {
    /// What covers were told, by their numbers.
    enum CoverCall: Equatable {
        case began(Int)
        case ended(Int)
    }

    /// Sections of a space and covers over them, which log.
    final class Covers: Sendable {
        let sections = OpenSections()
        let log = OrderedLog<CoverCall>()

        func open() -> UInt64 { sections.counter.raise() }

        func close(_ parity: UInt64) { sections.end(parity: parity) }

        /// Puts cover `number` over the sections that are open now.
        func cover(_ number: Int, whileBeginning work: () -> Void = {}) {
            sections.cover {
                log.append(.began(number))
                work()
            } end: { [log] in
                log.append(.ended(number))
            }
        }

        var activeCount: Int { sections.counter.activeCount }
    }

    @Test("While no section is open there is nothing to cover: neither begin nor end is called")
    func idle() {
        RCU.withRegisteredThread {
            let covers = Covers()
            covers.cover(0)
            let section = covers.open()
            covers.close(section)
            covers.cover(1)
            #expect(covers.log.take() == [])
        }
    }

    @Test("A cover begins at once, and ends with the section, on the thread that ends it")
    func oneSection() {
        RCU.withRegisteredThread {
            let sections = OpenSections()
            let endings = OrderedLog<Int32>()
            let section = sections.counter.raise()
            sections.cover {
            } end: {
                endings.append(ThreadRegistration.index)
            }
            #expect(endings.take() == [])
            let ender = OrderedLog<Int32>()
            RegisteredThread {
                ender.append(ThreadRegistration.index)
                sections.end(parity: section)
            }.join()
            #expect(endings.take() == ender.take())
        }
    }

    @Test("A cover ends after the section has, and holds no lock over the call")
    func endOfTheCover() {
        RCU.withRegisteredThread {
            let covers = Covers()
            let active = OrderedLog<Int>()
            let section = covers.open()
            covers.sections.cover {
            } end: { [unowned covers] in
                SmallLock.assertNoneHeld()
                active.append(covers.activeCount)
                // Whoever is told may open sections and put up covers.
                let next = covers.open()
                covers.cover(7)
                covers.close(next)
            }
            covers.close(section)
            #expect(active.take() == [0])
            #expect(covers.log.take() == [.began(7), .ended(7)])
        }
    }

    @Test("A cover ends with the last section of its time, though newer ones are open and the count never comes to 0")
    func newerSections() {
        RCU.withRegisteredThread {
            let covers = Covers()
            let (first, second) = (covers.open(), covers.open())
            covers.cover(0)
            #expect(covers.log.take() == [.began(0)])
            var newest = covers.open()
            covers.close(first)
            #expect(covers.log.take() == [])
            for _ in 0..<10 {
                let next = covers.open()
                covers.close(newest)
                newest = next
            }
            #expect(covers.log.take() == [])
            covers.close(second)
            #expect(covers.log.take() == [.ended(0)])
            #expect(covers.activeCount == 1)
            covers.close(newest)
            #expect(covers.log.take() == [])
        }
    }

    @Test(
        "Each cover lasts as long as the sections of its own time, and at most as long as those that came beside them")
    func coversOfDifferentTimes() {
        RCU.withRegisteredThread {
            let covers = Covers()
            let first = covers.open()
            covers.cover(0)
            let second = covers.open()
            covers.cover(1)
            let third = covers.open()
            covers.cover(2)
            #expect(covers.log.take() == [.began(0), .began(1), .began(2)])
            covers.close(first)
            #expect(covers.log.take() == [.ended(0)])
            let fourth = covers.open()
            covers.close(second)
            // The third one is counted with the second: the first kept the next epoch from beginning.
            #expect(covers.log.take() == [])
            covers.close(third)
            let ended = covers.log.take()
            #expect(ended.count == 2 && ended.contains(.ended(1)) && ended.contains(.ended(2)))
            #expect(covers.activeCount == 1)
            covers.close(fourth)
        }
    }

    @Test("Sections that end in the order in which they came, or against it, end no cover too early", arguments: 0..<40)
    func everyOrder(seed: Int) {
        RCU.withRegisteredThread {
            var random = SeededRandom(seed: seed)
            let covers = Covers()
            // What is open, and by number what each cover still waits for.
            var open: [(name: Int, parity: UInt64)] = []
            var awaited: [Int: Set<Int>] = [:]
            for step in 0..<200 {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: open.append((step, covers.open()))
                case 2:
                    covers.cover(step)
                    #expect(covers.log.take() == (open.isEmpty ? [] : [.began(step)]))
                    if !open.isEmpty { awaited[step] = Set(open.map(\.name)) }
                default:
                    guard !open.isEmpty else { continue }
                    let section = open.remove(at: Int.random(in: 0..<open.count, using: &random))
                    covers.close(section.parity)
                    for number in awaited.keys { awaited[number]?.remove(section.name) }
                    for call in covers.log.take() {
                        guard case .ended(let number) = call else { continue }
                        #expect(awaited.removeValue(forKey: number) == [])
                    }
                }
            }
            // Newer ones stay; every older one goes, so every cover does.
            let newest = covers.open()
            for section in open { covers.close(section.parity) }
            let afterwards = covers.open()
            covers.close(newest)
            let ended = covers.log.take()
            #expect(ended.count == awaited.count)
            #expect(awaited.keys.allSatisfy { ended.contains(.ended($0)) })
            covers.close(afterwards)
        }
    }

    @Test("A cover whose section ends while it begins is ended by the one who put it up")
    func settledByTheRegistration() {
        RCU.withRegisteredThread {
            let covers = Covers()
            let section = covers.open()
            covers.cover(0) { RegisteredThread { covers.close(section) }.join() }
            #expect(covers.log.take() == [.began(0), .ended(0)])
        }
    }

    @Test("A cover whose section ends while it begins ends, though newer sections are open by then")
    func settledByTheRegistrationBesideNewerSections() {
        RCU.withRegisteredThread {
            let covers = Covers()
            let first = covers.open()
            let newer = OrderedLog<UInt64>()
            covers.cover(0) {
                RegisteredThread {
                    newer.append(covers.open())
                    covers.close(first)
                }.join()
            }
            #expect(covers.log.take() == [.began(0)])
            // They are counted with it, since no epoch began between; but none that comes now is.
            let latest = covers.open()
            for parity in newer.take() { covers.close(parity) }
            #expect(covers.log.take() == [.ended(0)])
            covers.close(latest)
        }
    }

    @Test("Many covers over one section all end with it, each once")
    func manyCovers() {
        RCU.withRegisteredThread {
            let covers = Covers()
            let section = covers.open()
            for number in 0..<100 { covers.cover(number) }
            #expect(covers.log.take() == (0..<100).map { .began($0) })
            covers.close(section)
            let ended = covers.log.take()
            #expect(ended.count == 100)
            #expect((0..<100).allSatisfy { ended.contains(.ended($0)) })
            let next = covers.open()
            covers.close(next)
            #expect(covers.log.take() == [])
        }
    }
}
