import CIOUring
import Glibc
import Synchronization

/// Pages that are unmapped and mapped again at the same address while others use them.
///
/// Legal states of `generation`:
///
///     odd      the pages are unmapped, or their first words are being written
///     even     they are mapped, and were all the time since it became so
final class RemappedMemory: Sendable {
    static let pageSize: UInt = 4096

    let address: UInt
    let pages: UInt
    let generation = Atomic<UInt64>(1)

    init(pages: UInt) {
        self.pages = pages
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let memory = mmap(nil, Int(pages * Self.pageSize), PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no memory") }
        address = UInt(bitPattern: memory)
        fill()
    }

    deinit { munmap(UnsafeMutableRawPointer(bitPattern: address), Int(pages * Self.pageSize)) }

    var size: UInt { pages * Self.pageSize }

    /// Before it changes. By the thread that changes it, as are the two below.
    func beginChange() {
        // Sequentially consistent: nobody who finds it even afterwards has used what comes after.
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    func unmap() {
        let status = munmap(UnsafeMutableRawPointer(bitPattern: address), Int(size))
        precondition(status == 0, "munmap failed with error \(errno)")
    }

    /// Maps fresh pages at the address, where nothing is mapped, and has them watched before their first use.
    func mapAgain(_ watch: () -> Void = {}) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
        let memory = mmap(
            UnsafeMutableRawPointer(bitPattern: address), Int(size), PROT_READ | PROT_WRITE, flags, -1, 0)
        precondition(memory == UnsafeMutableRawPointer(bitPattern: address), "mmap failed with error \(errno)")
        watch()
        fill()
    }

    /// What is in a page's first word for those who look through the page tables; `nil` if it is not mapped now.
    func word(ofPage page: UInt) -> UInt64? {
        var word: UInt64 = 0
        return ciouring_peek(address + page * Self.pageSize, &word, 8) == 0 ? word : nil
    }

    /// Writes the first word of each page: another one than ever before, in any memory.
    private func fill() {
        let next = generation.load(ordering: .relaxed) &+ 1
        for page in 0..<pages {
            let words = UnsafeMutablePointer<UInt64>(bitPattern: address + page * Self.pageSize)
            words?.pointee = 1 << 63 | next << 8 | UInt64(page)
        }
        generation.store(next, ordering: .sequentiallyConsistent)
    }
}
