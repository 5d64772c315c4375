import CPlatform
import Glibc
import Synchronization
import TestThreads
import Testing

/// Whether there is anything to test.
private let areThere =
    cplatform_restartable_error() == CPLATFORM_RESTARTABLE && cplatform_membarrier_restart_register() == 0

@Suite("Restartable sequences", .enabled(if: areThere))
struct RestartableSequenceTests {
    /// A word and the slot that is stored when the word is as expected.
    private final class Words: @unchecked Sendable {
        // @unchecked: atomics behind pointers that never change.
        let word = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)
        let slot = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)
        let isOver = Atomic<Bool>(false)

        init() {
            word.initialize(to: Atomic(0))
            slot.initialize(to: Atomic(0))
        }

        deinit {
            word.deallocate()
            slot.deallocate()
        }

        func store(_ value: UInt64, if expected: UInt64) -> Bool {
            cplatform_restartable_store(cplatform_restartable_area(), word, expected, slot, value)
        }
    }

    @Test("A word as expected is followed by the store, another one is not")
    func compares() {
        let words = Words()
        for value: UInt64 in [1, 0, .max, 1 << 63] {
            // An abort is as good as never between two instructions, and the next time is another one.
            #expect((0..<100).contains { _ in words.store(value, if: 0) })
            #expect(words.slot.pointee.load(ordering: .relaxed) == value)
        }
        for word: UInt64 in [1, .max, 1 << 63, 1 << 32] {
            words.word.pointee.store(word, ordering: .relaxed)
            #expect(!words.store(7, if: 0))
            #expect(words.slot.pointee.load(ordering: .relaxed) == 1 << 63)
        }
    }

    @Test("Two words that are both as expected are followed by the store, others are not")
    func comparesTwo() {
        let (words, second) = (Words(), Words())
        func store(_ value: UInt64) -> Bool {
            cplatform_restartable_store_if_both(
                cplatform_restartable_area(), words.word, 5, second.word, 6, words.slot, value)
        }
        for (first, other, isStored): (UInt64, UInt64, Bool) in [
            (5, 6, true), (6, 6, false), (5, 5, false), (6, 5, false), (5, 6 | 1 << 63, false), (5, 6, true),
        ] {
            words.word.pointee.store(first, ordering: .relaxed)
            second.word.pointee.store(other, ordering: .relaxed)
            words.slot.pointee.store(0, ordering: .relaxed)
            #expect((0..<100).contains { _ in store(7) } == isStored)
            #expect(words.slot.pointee.load(ordering: .relaxed) == (isStored ? 7 : 0))
        }
    }

    @Test("When the barrier returns, no sequence that has seen the word as it was stores any more")
    func barrier() {
        let words = Words()
        let thread = PlainThread {
            // Stores 2, 4, 6 while the word is 0, with as little beside the sequences as can be.
            var value: UInt64 = 0
            while !words.isOver.load(ordering: .relaxed) {
                value &+= 2
                for _ in 0..<64 { _ = words.store(value, if: 0) }
            }
        }
        var late = 0
        for _ in 0..<5_000 {
            // Until it stores again, so that it is in the middle of it.
            while words.slot.pointee.load(ordering: .relaxed) == 1 { sched_yield() }
            words.word.pointee.store(1, ordering: .relaxed)
            #expect(cplatform_membarrier_restart() == 0)
            words.slot.pointee.store(1, ordering: .relaxed)
            for _ in 0..<50 where words.slot.pointee.load(ordering: .relaxed) != 1 { late += 1 }
            words.word.pointee.store(0, ordering: .relaxed)
        }
        words.isOver.store(true, ordering: .relaxed)
        thread.join()
        #expect(late == 0)
    }

    @Test("A barrier on one processor, also on one that does not exist")
    func oneProcessor() {
        for processor: Int32 in [0, 1, 8_191] { #expect(cplatform_membarrier_restart_processor(processor) == 0) }
    }

    #if arch(x86_64)
        @Test("A thread without an area stores nothing")
        func unregistered() {
            let words = Words()
            let wrong = Atomic<Int>(0)
            PlainThread {
                // There glibc keeps a thread's structure at its thread pointer.
                let area = UnsafeMutableRawPointer(bitPattern: Int(pthread_self()) + cplatform_restartable_area())!
                if !(0..<100).contains(where: { _ in words.store(1, if: 0) }) { wrong.add(1, ordering: .relaxed) }
                if !unregister(area) { wrong.add(1, ordering: .relaxed) }
                if (0..<100).contains(where: { _ in words.store(2, if: 0) }) { wrong.add(1, ordering: .relaxed) }
            }.join()
            #expect(wrong.load(ordering: .relaxed) == 0)
            #expect(words.slot.pointee.load(ordering: .relaxed) == 1)
        }

        /// As the kernel does it: the area says afterwards that it is none.
        private func unregister(_ area: UnsafeMutableRawPointer) -> Bool {
            typealias SystemCall = @convention(c) (Int, UnsafeMutableRawPointer, Int, Int, Int) -> Int
            guard let symbol = dlsym(nil, "syscall") else { return false }
            let systemCall = unsafeBitCast(symbol, to: SystemCall.self)
            let (number, size, unregister, signature) = (334, 32, 1, 0x5305_3053)
            return systemCall(number, area, size, unregister, signature) == 0
        }
    #endif
}
