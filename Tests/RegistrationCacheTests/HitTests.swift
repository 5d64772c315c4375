import CAllocationCounter
import Glibc
import NotifierDispatch
import SeededNumbers
import Synchronization
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
            let device = CountingDevice()
            let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
            let old = try cache.touch(16..<20)
            let pin = Parcel(try cache.pin(32..<36))
            let noise = PlainThread { [cache] in
                var random = SplitMix(state: 3)
                while !StopFlag.shared.isOpen { _ = try? cache.touch(UInt(random.next() % 100) + 100..<300) }
            }
            for _ in 0..<20 {
                let child = Glibc.fork()
                if child == 0 {
                    alarm(20)
                    guard cache.statistics.regions == 0, cache.statistics.deferredRegions == 0 else { _exit(1) }
                    cache.put(pin.open())
                    guard let new = try? cache.touch(16..<20), new != old else { _exit(2) }
                    guard let again = try? cache.touch(16..<20), again == new else { _exit(3) }
                    space.drop(16..<17)
                    guard device.isRegistered(old), !device.isRegistered(new) else { _exit(4) }
                    _exit(0)
                }
                var status: Int32 = 0
                waitpid(child, &status, 0)
                precondition(status == 0, "a child ended with status \(status)")
            }
            StopFlag.shared.open()
            noise.join()
            cache.put(pin.open())
            precondition(device.isRegistered(old))
        }
    }
}

enum StopFlag {
    static let shared = Gate()
}
