import Glibc

/// A small text file of the kernel's that is read again and again, each time from the start. Below `/proc/thread-self` it
/// stays the file of the thread that opened it.
struct KernelFile: ~Copyable {
    private let descriptor: Int32

    /// `nil` where there is none.
    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Its first 4 KiB as they are now; `nil` where they cannot be read.
    borrowing func text() -> String? {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let length = pread(descriptor, buffer.baseAddress!, buffer.count, 0)
            return length > 0 ? String(decoding: buffer.prefix(length), as: UTF8.self) : nil
        }
    }
}
