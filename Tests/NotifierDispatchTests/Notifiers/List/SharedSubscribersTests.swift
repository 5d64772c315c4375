import Glibc
import Testing

@testable import NotifierDispatch

@Suite("Shared subscribers")
struct SharedSubscribersTests {
    struct NoMemory: Error {}

    @Test("A space has one subscriber of a type, which takes part like any other")
    func oneOfAType() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let (otherSpace, otherDiary) = Diary.makeSpace()
            let first = try space.get(SharedRecorder.self)
            let second = try space.get(SharedRecorder.self)
            let ofOtherType = try space.get(OtherSharedRecorder.self)
            let ofOtherSpace = try otherSpace.get(SharedRecorder.self)
            #expect(first === second)
            #expect(ofOtherType !== first)
            #expect(ofOtherSpace !== first)
            #expect(diary.makes.value == 2)
            #expect(otherDiary.makes.value == 1)
            #expect(space.startsAndEnds(.blockable()))
            #expect(diary.starts.value == 2)
            #expect(diary.ends.value == 2)
            #expect(otherDiary.starts.value == 0)
            for subscriber in [first, second, ofOtherType] { space.put(subscriber) }
            otherSpace.put(ofOtherSpace)
        }
    }

    @Test("A subclass is put by its own type, whatever the variable's type says")
    func typeOfTheObject() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let type: SharedRecorder.Type = OtherSharedRecorder.self
            let subscriber = try space.get(type)
            #expect(subscriber is OtherSharedRecorder)
            #expect(try space.get(OtherSharedRecorder.self) === subscriber)
            space.put(subscriber)
            space.put(subscriber)
            AddressSpace.synchronize()
            #expect(diary.frees.value == 1)
        }
    }

    @Test("Invariant 23: free runs once, after the last put and a grace period")
    func invariant23() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let isFreeing = Gate()
            diary.onFree = { isFreeing.open() }
            let subscriber = try space.get(SharedRecorder.self)
            _ = try space.get(SharedRecorder.self)
            space.put(subscriber)
            AddressSpace.synchronize()
            #expect(diary.frees.value == 0)
            #expect(diary.releases.value == 0)
            #expect(space.startsAndEnds(.blockable()))
            #expect(diary.starts.value == 1)
            let isReading = Gate()
            let mayLeave = Gate()
            let reader = RegisteredThread {
                RCU.read {
                    isReading.open()
                    mayLeave.wait()
                }
            }
            isReading.wait()
            space.put(subscriber)
            #expect(!isFreeing.waitInVain())
            mayLeave.open()
            reader.join()
            AddressSpace.synchronize()
            #expect(diary.frees.value == 1)
            #expect(diary.releases.value == 1)
            #expect(space.startsAndEnds(.blockable()))
            space.release()
            AddressSpace.synchronize()
            #expect(diary.frees.value == 1)
            #expect(diary.releases.value == 1)
            #expect(diary.starts.value == 1)
        }
    }

    @Test("Invariant 24: synchronize returns after the frees of all earlier puts, however long they take")
    func invariant24() throws {
        try RCU.withRegisteredThread {
            let hasSynchronized = Gate()
            let completed = EventCounter()
            for _ in 0..<3 {
                let (space, diary) = Diary.makeSpace()
                diary.onFree = {
                    _ = hasSynchronized.waitInVain()
                    completed.count()
                }
                space.put(try space.get(SharedRecorder.self))
            }
            AddressSpace.synchronize()
            #expect(completed.value == 3)
            hasSynchronized.open()
        }
    }

    @Test("Who gets between the last put and the free gets a fresh one")
    func getBeforeTheFree() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let isReading = Gate()
            let mayLeave = Gate()
            let old = try space.get(SharedRecorder.self)
            let reader = RegisteredThread {
                RCU.read {
                    isReading.open()
                    mayLeave.wait()
                }
            }
            isReading.wait()
            space.put(old)
            let fresh = try space.get(SharedRecorder.self)
            #expect(fresh !== old)
            #expect(!old.isFreed.isOpen)
            #expect(space.startsAndEnds(.blockable()))
            #expect(diary.starts.value == 1)
            mayLeave.open()
            reader.join()
            AddressSpace.synchronize()
            #expect(old.isFreed.isOpen)
            #expect(!fresh.isFreed.isOpen)
            #expect(diary.frees.value == 1)
            space.put(fresh)
            AddressSpace.synchronize()
            #expect(diary.frees.value == 2)
        }
    }

    @Test("After release nobody gets, and the last put still frees, once")
    func release() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let subscriber = try space.get(SharedRecorder.self)
            _ = try space.get(SharedRecorder.self)
            space.release()
            #expect(diary.releases.value == 1)
            // Neither the one that is there, nor a new one.
            #expect(throws: RegistrationError.released) { try space.get(SharedRecorder.self) }
            #expect(throws: RegistrationError.released) { try space.get(OtherSharedRecorder.self) }
            #expect(diary.makes.value == 1)
            space.put(subscriber)
            AddressSpace.synchronize()
            #expect(diary.frees.value == 0)
            space.put(subscriber)
            space.release()
            AddressSpace.synchronize()
            #expect(diary.frees.value == 1)
            #expect(diary.releases.value == 1)
        }
    }

    /// The callbacks that can put.
    enum Callback: CaseIterable {
        case start, end, released
    }

    @Test("Invariant 35: a subscriber can be put inside its own callbacks", arguments: Callback.allCases)
    func putInsideCallbacks(callback: Callback) throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let turns = EventCounter()
            let put: @Sendable (SharedRecorder) -> Void = {
                turns.count()
                if turns.value == 1 { space.put($0) }
            }
            switch callback {
            case .start: diary.onStart = put
            case .end: diary.onEnd = put
            case .released: diary.onReleased = put
            }
            _ = try space.get(SharedRecorder.self)
            #expect(space.startsAndEnds(.blockable()))
            space.release()
            AddressSpace.synchronize()
            #expect(diary.frees.value == 1)
            #expect(diary.releases.value == 1)
            // Who left inside the start is owed no end.
            #expect(diary.ends.value == (callback == .start ? 0 : 1))
            #expect(diary.callsAfterFree.value == 0)
        }
    }

    @Test("Invariant 35: put waits neither for a get that is making one, nor does either for the open sections")
    func putWhileAGetMakes() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let isMaking = Gate()
            let mayGoOn = Gate()
            let hasPut = Gate()
            diary.onMake = { _ in
                guard diary.makes.value == 1 else { return }
                isMaking.open()
                mayGoOn.wait()
            }
            let subscriber = try space.get(SharedRecorder.self)
            let section = try opened(space.invalidateRangeStart(.blockable()))
            let getting = RegisteredThread { #expect((try? space.get(OtherSharedRecorder.self)) != nil) }
            isMaking.wait()
            let putting = RegisteredThread {
                space.put(subscriber)
                hasPut.open()
            }
            #expect(eventually { hasPut.isOpen })
            mayGoOn.open()
            getting.join()
            putting.join()
            #expect(diary.makes.value == 2)
            #expect(space.activeCount == 1)
            space.invalidateRangeEnd(section)
            // The one that left is owed no end, and the one that came no end without a start.
            #expect(diary.starts.value == 1)
            #expect(diary.ends.value == 0)
        }
    }

    @Test("Gets that meet make one subscriber, which all of them use")
    func concurrentGets() throws {
        try RCU.withRegisteredThread {
            for _ in 0..<20 {
                let (space, diary) = Diary.makeSpace()
                diary.onMake = { _ in usleep(200) }
                let users = 4
                runThreads(users) { _ in _ = try? space.get(SharedRecorder.self) }
                #expect(diary.makes.value == 1)
                let subscriber = try space.get(SharedRecorder.self)
                for _ in 0..<users { space.put(subscriber) }
                AddressSpace.synchronize()
                #expect(diary.frees.value == 0)
                space.put(subscriber)
                AddressSpace.synchronize()
                #expect(diary.frees.value == 1)
            }
        }
    }

    @Test("An init that throws makes nothing, and the next get tries again")
    func failingInit() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let turns = EventCounter()
            diary.onMake = { _ in
                turns.count()
                if turns.value == 1 { throw NoMemory() }
            }
            #expect(throws: NoMemory.self) { try space.get(SharedRecorder.self) }
            #expect(space.startsAndEnds(.blockable()))
            space.put(try space.get(SharedRecorder.self))
            AddressSpace.synchronize()
            #expect(diary.starts.value == 0)
            #expect(diary.frees.value == 1)
        }
    }

    @Test("What was made and may not register is freed")
    func refusedRegistration() {
        RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace(pairing: .callAll)
            diary.capabilities = [.mayWouldBlock, .receivesEnd]
            #expect(throws: RegistrationError.mayFailAndHasEnd) { try space.get(SharedRecorder.self) }
            AddressSpace.synchronize()
            #expect(diary.makes.value == 1)
            #expect(diary.frees.value == 1)
            #expect(diary.starts.value + diary.releases.value == 0)
        }
    }

    @Test("After the last put nothing holds the subscriber, though it holds its space")
    func death() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            space.put(try space.get(SharedRecorder.self))
            AddressSpace.synchronize()
            #expect(eventually { diary.deaths.value == 1 })
        }
    }

    @Test("put more often than get traps")
    func putTooOften() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let (space, _) = Diary.makeSpace()
                let subscriber = try space.get(SharedRecorder.self)
                space.put(subscriber)
                // A fresh one's users are not the old one's.
                _ = try space.get(SharedRecorder.self)
                space.put(subscriber)
            }
        }
        #expect(result?.trapped(saying: "put more often than it was got from this space") == true)
    }

    @Test("put to another space traps")
    func putToAnotherSpace() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let subscriber = try Diary.makeSpace().space.get(SharedRecorder.self)
                Diary.makeSpace().space.put(subscriber)
            }
        }
        #expect(result?.trapped(saying: "put more often than it was got from this space") == true)
    }

    @Test("get inside a callback traps, also where it would not have to wait")
    func getTrapsInsideCallback() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let (space, diary) = Diary.makeSpace()
                diary.onStart = { _ in _ = try? space.get(SharedRecorder.self) }
                _ = try space.get(SharedRecorder.self)
                _ = space.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "get inside a callback or read section can wait for itself") == true)
    }

    @Test("An init that gets traps")
    func getTrapsInsideInit() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let (space, diary) = Diary.makeSpace()
                diary.onMake = { _ = try $0.get(OtherSharedRecorder.self) }
                _ = try space.get(SharedRecorder.self)
            }
        }
        #expect(result?.trapped(saying: "a shared subscriber's init gets another one") == true)
    }

    @Test("A free may put: liburcu's thread registers itself")
    func putInsideFree() throws {
        try RCU.withRegisteredThread {
            let (space, diary) = Diary.makeSpace()
            let other = try space.get(OtherSharedRecorder.self)
            let hasPut = Gate()
            diary.onFree = {
                guard !hasPut.isOpen else { return }
                hasPut.open()
                space.put(other)
            }
            space.put(try space.get(SharedRecorder.self))
            AddressSpace.synchronize()
            #expect(hasPut.isOpen)
            AddressSpace.synchronize()
            #expect(try space.get(OtherSharedRecorder.self) !== other)
        }
    }
}
