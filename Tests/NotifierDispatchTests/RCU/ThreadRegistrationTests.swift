import Testing

@testable import NotifierDispatch

/// In processes of their own: every other test's threads take indices too.
@Suite("ThreadRegistration")
struct ThreadRegistrationTests {
    @Test("The lowest free index is given out, and an index is given back with the last registration")
    func lowestFreeIndexIsReused() async {
        await #expect(processExitsWith: .success) {
            func index() -> Int32 { ThreadRegistration.index }
            precondition(index() == -1)
            RCU.withRegisteredThread {
                precondition(index() == 0)
                ReadCopyUpdate<MBFlavour>.withRegisteredThread {
                    precondition(index() == 0, "one thread has one index over all flavours")
                }
                precondition(index() == 0, "the index stays until the last registration ends")
                let first = IndexHolder()
                let second = IndexHolder()
                let third = IndexHolder()
                precondition([first.index, second.index, third.index] == [1, 2, 3])
                second.leave()
                first.leave()
                let fourth = IndexHolder()
                let fifth = IndexHolder()
                let sixth = IndexHolder()
                precondition([fourth.index, fifth.index, sixth.index] == [1, 2, 4])
                for holder in [third, fourth, fifth, sixth] { holder.leave() }
            }
            precondition(index() == -1)
        }
    }

    @Test("Indices of live threads are distinct and small")
    func indicesAreDistinct() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<20 {
                let holders = (0..<16).map { _ in IndexHolder() }
                precondition(Set(holders.map(\.index)) == Set(0..<16))
                for holder in holders { holder.leave() }
            }
        }
    }
}

/// A registered thread that stays until it is told to leave.
private final class IndexHolder {
    private let mayLeave: Gate
    private let thread: RegisteredThread
    let index: Int32

    init() {
        let mayLeave = Gate()
        let hasIndex = Gate()
        let seen = EventCounter()
        thread = RegisteredThread {
            seen.add(Int(ThreadRegistration.index))
            hasIndex.open()
            mayLeave.wait()
        }
        hasIndex.wait()
        self.mayLeave = mayLeave
        index = Int32(seen.value)
    }

    func leave() {
        mayLeave.open()
        thread.join()
    }
}
