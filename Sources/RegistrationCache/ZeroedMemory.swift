import Glibc

/// Memory from the kernel and not from malloc: it is zeroes, takes no room until a thread writes to it, and can be asked for
/// where malloc must not be called.
enum ZeroedMemory {
    static var systemPageSize: UInt { UInt(sysconf(Int32(_SC_PAGESIZE))) }

    static func map<Element: ~Copyable>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        guard let memory = tryMap(Element.self, count: count) else {
            fatalError("no address space for \(count * MemoryLayout<Element>.stride) bytes of a registration cache")
        }
        return memory
    }

    static func tryMap<Element: ~Copyable>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element>? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = mmap(nil, count * MemoryLayout<Element>.stride, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        return memory.assumingMemoryBound(to: Element.self)
    }

    static func unmap<Element: ~Copyable>(_ memory: UnsafeMutablePointer<Element>, count: Int) {
        munmap(memory, count * MemoryLayout<Element>.stride)
    }

    /// Zeroes again.
    static func clear<Element: ~Copyable>(_ memory: UnsafeMutablePointer<Element>, count: Int) {
        let status = madvise(memory, count * MemoryLayout<Element>.stride, Int32(MADV_DONTNEED))
        precondition(status == 0, "madvise failed with error \(errno)")
    }
}
