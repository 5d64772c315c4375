import Synchronization
import Testing

@testable import NotifierDispatch
@testable import RegistrationCache

/// What a processor may do that has a pin in its store buffer: others see it only at the sweep's barrier.
@Suite("The barrier of a sweep")
struct BarrierTests {
    private let device = CountingDevice()
    private let space = AddressSpace()

    @Test("A pin that the barrier makes visible keeps a dropped region registered until its put")
    func latePin() throws {
        let row = Mutex<UInt>(0)
        let barrier = ProcessBarrier(
            isKernels: true,
            kernel: .init(expedited: {
                row.withLock { address in
                    PinRows.Row(bitPattern: address)?.pointee.pin(at: 0)
                    address = 0
                }
                return 0
            }))
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt(), barrier: barrier)
        // The first region has the first word.
        let registration = try cache.touch(16..<20)
        let made = cache.table.pins.makeMine()
        let mine = try #require(made)
        row.withLock { $0 = UInt(bitPattern: mine) }
        space.drop(16..<17)
        #expect(device.isRegistered(registration))
        // A put of another thread that is not in the sum comes after the sweep.
        mine.pointee.unpin()
        cache.table.unpinnedDropped(0)
        #expect(!device.isRegistered(registration))
    }

    @Test("A put that the barrier makes visible is in the sum, and finds the region settled if it looks later")
    func latePut() throws {
        let state = Atomic<UInt64>(0)
        let records = Mutex<UInt>(0)
        let barrier = ProcessBarrier(
            isKernels: true,
            kernel: .init(expedited: {
                let record = UnsafeMutablePointer<RegionRecord>(bitPattern: records.withLock { $0 })
                if let record { state.store(record.pointee.state.load(ordering: .relaxed), ordering: .relaxed) }
                return 0
            }))
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt(), barrier: barrier)
        _ = try cache.touch(16..<20)
        records.withLock { $0 = UInt(bitPattern: cache.table.records) }
        space.drop(16..<17)
        #expect(state.load(ordering: .relaxed) == RegionRecord.State.settled)
    }

    @Test("Without membarrier(2) a cache works, by fences")
    func withoutKernel() throws {
        let barrier = ProcessBarrier(isKernels: false)
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt(), barrier: barrier)
        let registration = try cache.touch(16..<20)
        #expect(try cache.touch(18..<19) == registration)
        let pin = try cache.pin(16..<17)
        space.drop(16..<17)
        #expect(device.isRegistered(registration))
        cache.put(pin)
        #expect(!device.isRegistered(registration))
    }
}
