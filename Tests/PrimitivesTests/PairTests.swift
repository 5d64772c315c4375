import CPrimitiveFloors
import InvalidationStorm
import NotifierDispatch
import Testing

@testable import primitives

@Suite struct PairTests {
    private func makePairs() -> [Pair] { RCU.withRegisteredThread { PairCatalogue.make() } }

    @Test func everyPieceIsThere() {
        let flavours = ["bp", "memb", "mb", "qsbr"]
        let counts = ["0", "1", "4", "16", "64", "256"].map { "subscribers:\($0)" }
        let sizes = ["10", "1000", "100000"].map { "size:\($0)" }
        let pieces: KeyValuePairs = [
            "rcu-read": flavours, "grace-period": flavours, "call-rcu": flavours,
            "small-lock": ["lock-unlock"], "range-counter": ["begin-retry", "raise-lower"],
            "invlock": ["begin-retry", "section"],
            "locks": [
                "shared-mutex", "ck-rwlock", "ck-pflock", "ck-tflock", "ck-brlock", "ck-bytelock", "ck-rwcohort",
                "tbb-rw", "tbb-queuing-rw",
            ].map { "\($0)/shared" },
            "list-dispatch": counts, "subscriptions-dispatch": counts,
            "list-register": ["subscribers:0", "subscribers:16"],
            "subscriptions-register": ["subscribers:0", "subscribers:16"],
            "interval-lookup": sizes.flatMap { ["\($0)/hits:1", "\($0)/hits:0"] },
            "interval-dispatch": ["hits:1", "hits:16", "hits:64"],
            "interval": ["begin-retry"], "interval-lockfree": ["begin-retry"],
            "interval/insert-remove": sizes,
            "guard": [
                "unprotected/fault", "ck-pflock/fault", "invlock/fault", "kvm/fault", "interval/fault",
                "interval-lockfree/fault",
                "striped/fault", "asymmetric/fault", "fenced/fault",
            ] + (RestartableSequences.refusal == nil ? ["restartable/fault"] : []) + [
                "adaptive/fault/biased", "adaptive/fault/off",
                "striped/section", "asymmetric/section", "adaptive/section/off",
            ],
            "harness": ["fault"],
        ]
        #expect(makePairs().map(\.name) == pieces.flatMap { piece, whats in whats.map { "\(piece)/\($0)" } })
    }

    @Test func bothSidesDoWhatTheyAreAskedFor() {
        for pair in makePairs() {
            for side in Pair.Side.allCases {
                for count in [0, 1, 3] {
                    pair.flavour.withRegisteredThread {
                        #expect(pair.run(side, count: count) == count, "\(pair.name(of: side))")
                    }
                }
            }
        }
    }

    @Test func aReaderIsTurnedBackInsideASectionOnBothSides() throws {
        let range = try #require(InvalidationRange(pages: 0..<16))
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let floor = Floor(floor_inv_lock_create(), destroy: floor_inv_lock_destroy)
            for _ in 0..<2 {
                invLock.invalidationStarted(range) { _ in }
                floor_inv_lock_started(floor.pointer, 0, 16, true, { _, _, _ in }, nil)
                #expect(LockPairs.beginRetry(invLock, count: 5) == 0)
                #expect(floor_inv_lock_begin_retry_loop(floor.pointer, 5) == 0)
                invLock.invalidationEnded(range)
                floor_inv_lock_ended(floor.pointer, 0, 16, true)
                #expect(LockPairs.beginRetry(invLock, count: 5) == 5)
                #expect(floor_inv_lock_begin_retry_loop(floor.pointer, 5) == 5)
            }
        }
    }

    @Test func aReaderIsTurnedBackWhileTheCounterIsRaisedOnBothSides() {
        let counter = OnCacheLines(RangeCounter())
        let floor = Floor(floor_range_counter_create(), destroy: floor_range_counter_destroy)
        let own = counter.pointer.pointee.raise()
        let parity = floor_range_counter_raise(floor.pointer)
        #expect(LockPairs.beginRetry(counter, count: 5) == 0)
        #expect(floor_range_counter_begin_retry_loop(floor.pointer, 5) == 0)
        let isLast = counter.pointer.pointee.lower(parity: own)
        #expect(isLast)
        #expect(floor_range_counter_lower(floor.pointer, parity))
        #expect(LockPairs.beginRetry(counter, count: 5) == 5)
        #expect(floor_range_counter_begin_retry_loop(floor.pointer, 5) == 5)
    }
}
