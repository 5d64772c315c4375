import Glibc
import Testing

@testable import NotifierDispatch

@Suite("Shared subscribers under load")
struct SharedSubscribersStressTests {
    @Test(
        "Invariants 23 and 24: whoever gets, puts, invalidates and releases, all that was made is freed once, and late")
    func madeAndFreed() {
        let unequal = EventCounter()
        let makes = EventCounter()
        let callsAfterFree = EventCounter()
        let freedInUse = EventCounter()
        RCU.withRegisteredThread {
            for round in 0..<60 {
                let (space, diary) = Diary.makeSpace()
                let done = EventCounter()
                runThreads(4) { number in
                    var random = SeededRandom(seed: 4 * round + number)
                    if number == 3 {
                        // Releases after some have been made, the others getting and putting on.
                        repeat {
                            _ = space.startsAndEnds(random.oneIn(2) ? .blockable() : .nonBlockable())
                        } while diary.makes.value <= round % 4 && done.value < 3
                        return space.release()
                    }
                    defer { done.count() }
                    for _ in 0..<30 {
                        let type = random.oneIn(4) ? OtherSharedRecorder.self : SharedRecorder.self
                        guard let subscriber = try? space.get(type) else { return }
                        if random.oneIn(2) { sched_yield() }
                        if subscriber.isFreed.isOpen { freedInUse.count() }
                        // Half of the puts are made inside a section.
                        guard random.oneIn(2), let section = space.invalidateRangeStart(.blockable()) else {
                            space.put(subscriber)
                            continue
                        }
                        space.put(subscriber)
                        space.invalidateRangeEnd(section)
                    }
                }
                AddressSpace.synchronize()
                let frees = diary.frees.value
                // One that was made while the space was released may have got no registration to be told the end of.
                if frees != diary.makes.value || frees < diary.releases.value { unequal.count() }
                makes.add(diary.makes.value)
                callsAfterFree.add(diary.callsAfterFree.value)
            }
        }
        #expect(unequal.value == 0)
        #expect(callsAfterFree.value == 0)
        #expect(freedInUse.value == 0)
        #expect(makes.value >= 60)
    }
}
