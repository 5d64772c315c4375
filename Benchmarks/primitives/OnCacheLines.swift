/// A value on cache lines of its own, that threads share: a lock here stands where the guards put theirs.
final class OnCacheLines<Value: ~Copyable & Sendable>: @unchecked Sendable {
    // @unchecked: the pointer never changes, and the value is made for being shared.

    /// Where the value is; valid as long as the object is.
    let pointer: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        let lineSize = 128
        let size = (MemoryLayout<Value>.size + lineSize - 1) / lineSize * lineSize
        pointer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: lineSize)
            .initializeMemory(as: Value.self, to: value)
    }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}
