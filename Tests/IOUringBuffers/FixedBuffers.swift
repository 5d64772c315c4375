import CIOUring
import Glibc
import RegistrationCache
import Synchronization

/// An io_uring whose fixed buffers are a device for ``RegistrationCache``: a registration is a place in its table.
///
/// While memory is registered the kernel holds its pages, also if they are unmapped and others are mapped at the address: a
/// registration that is stale goes on with the old pages, and nothing fails.
final class FixedBuffers: RegistrationDevice, @unchecked Sendable {
    // @unchecked: the ring's transfers take turns by `turn`; places are behind a lock.
    private let ring: OpaquePointer
    private let file: Int32
    private let turn = Mutex(())
    private let freePlaces: Mutex<[UInt32]>

    /// Why there is none.
    struct Refusal: Error {
        let error: Int32
        var text: String { String(cString: strerror(error)) }
    }

    /// Whether this process may have one.
    static let isPossible = (try? FixedBuffers(places: 1)) != nil

    init(places: UInt32) throws(Refusal) {
        var error: Int32 = 0
        guard let ring = ciouring_create(places, &error) else { throw Refusal(error: error) }
        self.ring = ring
        file = ciouring_memory_file()
        guard file >= 0 else {
            ciouring_destroy(ring)
            throw Refusal(error: -file)
        }
        freePlaces = Mutex((0..<places).reversed())
    }

    deinit {
        ciouring_destroy(ring)
        close(file)
    }

    func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64 {
        guard let place = freePlaces.withLock({ $0.popLast() }) else { throw DeviceError(code: ENOSPC) }
        let error = ciouring_register(ring, place, memory.address, UInt64(memory.length))
        guard error == 0 else {
            freePlaces.withLock { $0.append(place) }
            throw DeviceError(code: error)
        }
        return UInt64(place)
    }

    func deregister(_ registration: UInt64, of memory: MemoryRange) {
        let place = UInt32(registration)
        let error = ciouring_deregister(ring, place)
        precondition(error == 0, "emptying a place of the table failed with error \(error)")
        freePlaces.withLock { $0.append(place) }
    }

    /// What the device finds in the memory: it writes it to its file, from where it is read.
    func bytes(at address: UInt, under registration: UInt64) -> UInt64 {
        turn.withLock { _ in
            check(ciouring_write_fixed(ring, file, address, 8, 0, UInt32(registration)))
            var word: UInt64 = 0
            check(Int32(pread(file, &word, 8, 0)))
            return word
        }
    }

    /// Has the device put a word in the memory, from its file.
    func store(_ word: UInt64, at address: UInt, under registration: UInt64) {
        turn.withLock { _ in
            var word = word
            check(Int32(pwrite(file, &word, 8, 0)))
            check(ciouring_read_fixed(ring, file, address, 8, 0, UInt32(registration)))
        }
    }

    private func check(_ transferred: Int32) {
        precondition(transferred == 8, "a transfer of 8 bytes ended with \(transferred)")
    }
}
