/// What is done to real memory by the kernel alone, while threads touch it: one scenario of `invbench live` each.
///
/// Every fault is a touch of a page that was dropped before, or shared with a copy of the process. What differs is who
/// drops it, how, and what other calls run in the same mapping meanwhile.
public enum KernelWork: String, CaseIterable, Sendable {
    /// First touches, each faulter in a mapping of its own, which it drops as a whole itself between two passes.
    case touch
    /// Others drop pages by MADV_DONTNEED.
    case touchDontneed = "touch-dontneed"
    /// Others mark pages by MADV_FREE, then drop them.
    case touchFree = "touch-free"
    /// Others unmap pages and map them again.
    case touchMunmap = "touch-munmap"
    /// Others make pages read-only and writable again, then drop them.
    case touchMprotect = "touch-mprotect"
    /// Others move pages away and back, then drop them.
    case touchMremap = "touch-mremap"
    /// Others punch holes into shared memory by MADV_REMOVE.
    case touchRemove = "touch-remove"
    /// Others fork; the first write to each page after that copies it.
    case cowFork = "cow-fork"

    /// One line on what it does.
    public var summary: String {
        switch self {
        case .touch: "first touches, each faulter in a mapping of its own that it drops itself, unmeasured"
        case .touchDontneed: "first touches of pages that others drop by madvise(MADV_DONTNEED), 16 at a time"
        case .touchFree: "the same beside madvise(MADV_FREE) on neighbouring pages, which others drop after that"
        case .touchMunmap: "first touches of pages that others unmap and map again, 16 at a time"
        case .touchMprotect: "first touches beside mprotect to read-only and back on neighbouring pages"
        case .touchMremap: "first touches beside mremap of neighbouring pages, away and back"
        case .touchRemove: "first touches of shared memory that others punch holes into by madvise(MADV_REMOVE)"
        case .cowFork: "first writes after a fork, each of which copies its page, beside further forks"
        }
    }

    /// Whether other threads than the faulters work on the memory.
    public var invalidates: Bool { self != .touch }

    /// How many pages of 4 KiB each faulter has: 16 MiB of them.
    public static let pagesPerFaulter = 4096

    /// How many pages are handed over at once; a divisor of ``pagesPerFaulter``.
    public var pagesPerPart: Int {
        switch self {
        case .touch: Self.pagesPerFaulter
        case .cowFork: 64
        default: 16
        }
    }

    /// What becomes of a page's content by the call that is measured.
    enum Fate {
        /// It reads as new.
        case dropped
        /// It stays.
        case kept
        /// Either.
        case keptOrDropped
        /// It stays, and whoever writes to it gets a page of its own.
        case copied
    }

    /// See ``Fate``.
    var fate: Fate {
        switch self {
        case .touch, .touchDontneed, .touchMunmap, .touchRemove: .dropped
        case .touchMprotect, .touchMremap: .kept
        case .touchFree: .keptOrDropped
        case .cowFork: .copied
        }
    }

    /// Whether the pages are of a file in memory that is mapped as shared.
    var isShared: Bool { self == .touchRemove }
}
