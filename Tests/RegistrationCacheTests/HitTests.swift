import CAllocationCounter
import Glibc
import NotifierDispatch
import SeededNumbers
import Synchronization
import TestThreads
import Testing

@testable import RegistrationCache
@testable import io_uring_buffers

@Suite("What hits cost, and on which threads they work", .serialized)
struct HitTests {
    let space = AddressSpace()
    let device = CountingDevice()

    @Test("A hit allocates nothing", .enabled(if: allocation_counter_works() != 0, "sanitizers bring an allocator"))
    func hitsAllocateNothing() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        _ = try cache.touch(16..<20)
        allocation_counter_start()
        for _ in 0..<100 { _ = try cache.touch(16..<20) }
        #expect(allocation_counter_stop() == 0)
        // The control: the device's books allocate.
        allocation_counter_start()
        _ = try cache.touch(32..<33)
        #expect(allocation_counter_stop() > 0)
    }

    @Test("A start that drops regions and deregisters none allocates nothing, so that an allocator may call it")
    func startsAllocateNothing() throws {
        guard allocation_counter_works() != 0 else { return }
        var configuration = RegistrationCache.Configuration()
        configuration.pageSize = 4096
        let cache = try RegistrationCache(of: device, in: space, configuration: configuration)
        for page in UInt(0)..<32 { _ = try cache.touch(page..<page + 1) }
        space.drop(0..<1)
        allocation_counter_start()
        for page in 1..<32 { space.drop(page..<page + 1) }
        #expect(allocation_counter_stop() == 0)
        #expect(cache.statistics.invalidated == 32)
    }

    @Test("While another thread is inside a miss, hits go on")
    func hitsDuringMiss() throws {
        let isRegistering = Gate()
        let mayFinish = Gate()
        let device = CountingDevice(duringRegister: { (number, _) throws(DeviceError) in
            guard number == 2 else { return }
            isRegistering.open()
            mayFinish.wait()
        })
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        _ = try cache.touch(16..<20)
        let thread = PlainThread { #expect(throws: Never.self) { try cache.touch(18..<30) } }
        isRegistering.wait()
        #expect(try cache.touch(16..<20) == 1)
        mayFinish.open()
        thread.join()
        #expect(try cache.touch(16..<20) == 2)
    }

    @Test("Threads come and go, and leave no pin behind")
    func comingAndGoing() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        for _ in 0..<50 {
            let parcel = Parcel(try cache.pin(16..<20))
            PlainThread {
                #expect(throws: Never.self) { try cache.touch(16..<20) }
                cache.put(parcel.open())
            }.join()
        }
        space.drop(16..<17)
        #expect(device.registered.isEmpty)
    }

    @Test("In a forked child the cache is empty, a pin of the parent's may be put, and nothing of it is deregistered")
    func fork() async {
        guard dlsym(nil, "__tsan_init") == nil else { return }
        await #expect(processExitsWith: .success) {
            let space = AddressSpace()
            let device = LocklessDevice()
            let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
            _ = try cache.touch(16..<20)
            let pin = Parcel(try cache.pin(32..<36))
            let dropped = Parcel(try cache.pin(48..<52))
            space.drop(48..<52)
            let isOver = Gate()
            let noise = PlainThread {
                var random = SplitMix(state: 3)
                while !isOver.isOpen { _ = try? cache.touch(UInt(random.next() % 100) + 100..<300) }
            }
            for _ in 0..<50 {
                let child = Glibc.fork()
                if child == 0 {
                    alarm(20)
                    guard cache.statistics.regions == 0, cache.statistics.deferredRegions == 0 else { _exit(1) }
                    cache.put(pin.open())
                    cache.put(dropped.open())
                    guard device.count(of: 48) == 1 else { _exit(5) }
                    guard (try? cache.touch(16..<20)) != nil, device.count(of: 16) == 2 else { _exit(2) }
                    guard (try? cache.touch(16..<20)) != nil, device.count(of: 16) == 2 else { _exit(3) }
                    space.drop(0..<400)
                    guard device.count(of: 16) == 1, device.count(of: 32) == 1 else { _exit(4) }
                    _exit(0)
                }
                var status: Int32 = 0
                waitpid(child, &status, 0)
                precondition(status == 0, "a child ended with status \(status)")
            }
            isOver.open()
            noise.join()
            cache.put(pin.open())
            cache.put(dropped.open())
            let left = (16..<52).map(device.count).reduce(0, +)
            precondition(left == 2, "\(left) registrations of the parent's are left")
        }
    }
}

/// Counts how often the memory from each page on is registered, without a lock that a fork could leave taken.
private final class LocklessDevice: RegistrationDevice {
    private let counts = (0..<512).map { _ in Count() }

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }

    func count(of page: Int) -> Int { counts[page].value.load(ordering: .relaxed) }

    func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64 {
        counts[Int(memory.address >> 12)].value.wrappingAdd(1, ordering: .relaxed)
        return UInt64(memory.address)
    }

    func deregister(_ registration: UInt64, of memory: MemoryRange) {
        counts[Int(memory.address >> 12)].value.wrappingSubtract(1, ordering: .relaxed)
    }
}
