import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("ReadCopyUpdate under load")
struct ReadCopyUpdateStressTests {
    /// A pointer that writers swap and readers follow. What is behind it is plain memory, so that ThreadSanitizer sees
    /// it too when a reader and the poisoning meet.
    final class PublishedPointer: @unchecked Sendable {
        // @unchecked: the pointer is atomic, and what is behind it is protected by what is being tested.
        static var good: Int { 42 }
        static var poison: Int { -1 }
        private let current: Atomic<UnsafeMutablePointer<Int>>

        init() { current = Atomic(Self.make()) }

        deinit { current.load(ordering: .acquiring).deallocate() }

        private static func make() -> UnsafeMutablePointer<Int> {
            let pointer = UnsafeMutablePointer<Int>.allocate(capacity: 1)
            pointer.initialize(to: good)
            return pointer
        }

        /// To be called in a read section. How often what was good turned out to be poisoned.
        func poisonSeen(random: inout SeededRandom) -> Int {
            let pointer = current.load(ordering: .acquiring)
            var seen = pointer.pointee == Self.good ? 0 : 1
            if random.oneIn(8) { sched_yield() }
            if pointer.pointee != Self.good { seen += 1 }
            return seen
        }

        /// Puts another good one in its place; returns what is to be poisoned.
        func replace() -> RetiredPointer {
            RetiredPointer(current.exchange(Self.make(), ordering: .acquiringAndReleasing))
        }
    }

    struct RetiredPointer: @unchecked Sendable {
        // @unchecked: whoever has it is the only one left.
        private let pointer: UnsafeMutablePointer<Int>
        init(_ pointer: UnsafeMutablePointer<Int>) { self.pointer = pointer }

        func poison() {
            pointer.pointee = PublishedPointer.poison
            pointer.deallocate()
        }
    }

    @Test("Readers never see what a writer poisons after synchronize", arguments: FlavourName.allCases)
    func readersNeverSeePoisonAfterSynchronize(flavour: FlavourName) {
        struct Check: FlavourCheck {
            func run<Flavour: RCUFlavour>(_: Flavour.Type) {
                let published = PublishedPointer()
                let writerIsDone = Gate()
                let poisonSeen = EventCounter()
                runThreads(3) { number in
                    var random = SeededRandom(seed: number)
                    if number == 0 {
                        for _ in 0..<150 {
                            let retired = published.replace()
                            ReadCopyUpdate<Flavour>.synchronize()
                            retired.poison()
                        }
                        writerIsDone.open()
                    } else {
                        ReadCopyUpdate<Flavour>.withRegisteredThread {
                            while !writerIsDone.isOpen {
                                poisonSeen.add(
                                    ReadCopyUpdate<Flavour>.read { published.poisonSeen(random: &random) })
                                quiesce(Flavour.self)
                            }
                        }
                    }
                }
                #expect(poisonSeen.value == 0)
            }
        }
        flavour.run(Check())
    }

    @Test("Readers never see what is poisoned after a grace period", arguments: FlavourName.allCases)
    func readersNeverSeePoisonAfterGracePeriod(flavour: FlavourName) {
        struct Check: FlavourCheck {
            func run<Flavour: RCUFlavour>(_: Flavour.Type) {
                let published = PublishedPointer()
                let poisonSeen = EventCounter()
                let poisoned = EventCounter()
                runThreads(3) { number in
                    var random = SeededRandom(seed: number)
                    ReadCopyUpdate<Flavour>.withRegisteredThread {
                        for _ in 0..<2_000 {
                            poisonSeen.add(ReadCopyUpdate<Flavour>.read { published.poisonSeen(random: &random) })
                            if random.oneIn(4) {
                                let retired = published.replace()
                                ReadCopyUpdate<Flavour>.afterGracePeriod {
                                    retired.poison()
                                    poisoned.count()
                                }
                            }
                            quiesce(Flavour.self)
                        }
                    }
                }
                ReadCopyUpdate<Flavour>.barrier()
                #expect(poisonSeen.value == 0)
                #expect(poisoned.value > 0)
            }
        }
        flavour.run(Check())
    }
}

/// What only qsbr's threads must do between their reads.
private func quiesce<Flavour: RCUFlavour>(_: Flavour.Type) {
    if Flavour.self == QSBRFlavour.self { ReadCopyUpdate<QSBRFlavour>.quiescentState() }
}
