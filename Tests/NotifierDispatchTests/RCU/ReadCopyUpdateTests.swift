import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("ReadCopyUpdate")
struct ReadCopyUpdateTests {
    @Test("A thread is registered inside withRegisteredThread only, and calls nest", arguments: FlavourName.allCases)
    func registration(flavour: FlavourName) {
        struct Check: FlavourCheck {
            func run<Flavour: RCUFlavour>(_: Flavour.Type) {
                RegisteredThread {
                    // The thread itself is registered with the engine's.
                    let wasRegistered = Flavour.self == BPFlavour.self
                    #expect(ReadCopyUpdate<Flavour>.isRegistered == wasRegistered)
                    ReadCopyUpdate<Flavour>.withRegisteredThread {
                        #expect(ReadCopyUpdate<Flavour>.isRegistered)
                        ReadCopyUpdate<Flavour>.withRegisteredThread {
                            #expect(ReadCopyUpdate<Flavour>.isRegistered)
                        }
                        #expect(ReadCopyUpdate<Flavour>.isRegistered)
                        #expect(ReadCopyUpdate<Flavour>.read { 7 } == 7)
                    }
                    #expect(ReadCopyUpdate<Flavour>.isRegistered == wasRegistered)
                }.join()
            }
        }
        flavour.run(Check())
    }

    @Test("A registration is taken back when the body throws")
    func registrationIsTakenBackOnThrow() {
        struct Failure: Error {}
        RegisteredThread {
            #expect(throws: Failure.self) {
                try ReadCopyUpdate<MBFlavour>.withRegisteredThread { throw Failure() }
            }
            #expect(!ReadCopyUpdate<MBFlavour>.isRegistered)
        }.join()
    }

    @Test("Read sections nest, and the outermost one ends the reading")
    func readSectionsNest() {
        RCU.withRegisteredThread {
            #expect(!RCU.isReading)
            let value = RCU.read {
                RCU.read { #expect(RCU.isReading) }
                #expect(RCU.isReading)
                return 7
            }
            #expect(value == 7)
            #expect(!RCU.isReading)
        }
        #expect(!RCU.isReading)
    }

    @Test("synchronize waits for a read section that is open", arguments: FlavourName.allCases)
    func synchronizeWaits(flavour: FlavourName) {
        struct Check: FlavourCheck {
            func run<Flavour: RCUFlavour>(_: Flavour.Type) {
                let isReading = Gate()
                let hasReturned = Gate()
                let hasLeft = Gate()
                let reader = RegisteredThread {
                    ReadCopyUpdate<Flavour>.withRegisteredThread {
                        ReadCopyUpdate<Flavour>.read {
                            isReading.open()
                            _ = hasReturned.waitInVain()
                            hasLeft.open()
                        }
                    }
                }
                isReading.wait()
                ReadCopyUpdate<Flavour>.synchronize()
                #expect(hasLeft.isOpen)
                hasReturned.open()
                reader.join()
            }
        }
        flavour.run(Check())
    }

    @Test("afterGracePeriod runs once, after the readers, and barrier waits for all", arguments: FlavourName.allCases)
    func afterGracePeriod(flavour: FlavourName) {
        struct Check: FlavourCheck {
            func run<Flavour: RCUFlavour>(_: Flavour.Type) {
                let isReading = Gate()
                let hasRun = Gate()
                let hasLeft = Gate()
                let runs = EventCounter()
                let earlyRuns = EventCounter()
                let reader = RegisteredThread {
                    ReadCopyUpdate<Flavour>.withRegisteredThread {
                        ReadCopyUpdate<Flavour>.read {
                            isReading.open()
                            _ = hasRun.waitInVain()
                            hasLeft.open()
                        }
                    }
                }
                isReading.wait()
                RegisteredThread {
                    ReadCopyUpdate<Flavour>.withRegisteredThread {
                        for _ in 0..<100 {
                            ReadCopyUpdate<Flavour>.afterGracePeriod {
                                runs.count()
                                if !hasLeft.isOpen { earlyRuns.count() }
                                hasRun.open()
                            }
                        }
                    }
                    ReadCopyUpdate<Flavour>.barrier()
                    #expect(runs.value == 100)
                }.join()
                reader.join()
                ReadCopyUpdate<Flavour>.barrier()
                #expect(runs.value == 100)
                #expect(earlyRuns.value == 0)
            }
        }
        flavour.run(Check())
    }

    @Test("afterGracePeriod frees what its closure holds, after running it")
    func afterGracePeriodFreesItsClosure() {
        final class Witness: Sendable {
            let deaths: EventCounter
            init(_ deaths: EventCounter) { self.deaths = deaths }
            deinit { deaths.count() }
        }
        let deaths = EventCounter()
        RCU.withRegisteredThread {
            for _ in 0..<50 {
                let witness = Witness(deaths)
                RCU.afterGracePeriod { withExtendedLifetime(witness) {} }
            }
            RCU.barrier()
        }
        #expect(eventually { deaths.value == 50 })
    }

    @Test("A thread that is offline, however long, holds up no grace period of qsbr")
    func offlineThreadHoldsUpNothing() {
        let isOffline = Gate()
        let hasReturned = Gate()
        let thread = RegisteredThread {
            ReadCopyUpdate<QSBRFlavour>.withRegisteredThread {
                ReadCopyUpdate<QSBRFlavour>.offline {
                    #expect(!ReadCopyUpdate<QSBRFlavour>.isReading)
                    isOffline.open()
                    hasReturned.wait()
                }
                #expect(ReadCopyUpdate<QSBRFlavour>.isReading)
            }
        }
        isOffline.wait()
        ReadCopyUpdate<QSBRFlavour>.synchronize()
        hasReturned.open()
        thread.join()
    }

    @Test("A thread that announces quiescent states holds up no grace period of qsbr")
    func quiescentStatesLetGracePeriodsPass() {
        let isRunning = Gate()
        let hasReturned = Gate()
        let thread = RegisteredThread {
            ReadCopyUpdate<QSBRFlavour>.withRegisteredThread {
                while !hasReturned.isOpen {
                    ReadCopyUpdate<QSBRFlavour>.quiescentState()
                    isRunning.open()
                }
            }
        }
        isRunning.wait()
        ReadCopyUpdate<QSBRFlavour>.synchronize()
        hasReturned.open()
        thread.join()
    }

    @Test(
        "A read section of a thread that is not registered traps where the flavour needs it",
        arguments: FlavourName.explicit)
    func readTrapsUnregistered(flavour: FlavourName) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [flavour] in
            struct Check: FlavourCheck {
                func run<Flavour: RCUFlavour>(_: Flavour.Type) { ReadCopyUpdate<Flavour>.read {} }
            }
            // Registration with one flavour does not allow reading with another.
            RCU.read { flavour.run(Check()) }
        }
        #expect(result?.trapped(saying: "this thread is not registered with RCU") == true)
    }

    @Test(
        "afterGracePeriod on a thread that is not registered traps where the flavour needs it",
        arguments: FlavourName.explicit)
    func afterGracePeriodTrapsUnregistered(flavour: FlavourName) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [flavour] in
            struct Check: FlavourCheck {
                func run<Flavour: RCUFlavour>(_: Flavour.Type) { ReadCopyUpdate<Flavour>.afterGracePeriod {} }
            }
            flavour.run(Check())
        }
        #expect(result?.trapped(saying: "this thread is not registered with RCU") == true)
    }

    @Test("synchronize inside a read section traps")
    func synchronizeTrapsInsideReadSection() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread { RCU.read { RCU.synchronize() } }
        }
        #expect(result?.trapped(saying: "RCU.synchronize inside a read section waits for itself") == true)
    }

    @Test("barrier inside a read section traps")
    func barrierTrapsInsideReadSection() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread { RCU.read { RCU.barrier() } }
        }
        #expect(result?.trapped(saying: "RCU.barrier inside a read section waits for itself") == true)
    }
}
