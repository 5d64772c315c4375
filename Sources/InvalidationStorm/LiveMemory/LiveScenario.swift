/// What a scenario works on, and so which guards meet it.
public enum WorkedMemory: Sendable {
    /// Pages are words in a table, and the notifiers are the package's own.
    case tables
    /// Real memory, whose pages only the kernel serves and drops.
    case kernel
}

/// What is done to real memory in a scenario of `invbench live`.
public enum LiveWork: Sendable {
    /// The kernel alone.
    case kernel(KernelWork)

    /// One line on what it does.
    public var summary: String {
        switch self {
        case .kernel(let work): work.summary
        }
    }
}

extension Scenario {
    /// What it works on.
    public var memory: WorkedMemory {
        switch live {
        case nil: .tables
        case .kernel: .kernel
        }
    }

    /// The scenarios of `invbench live`, in the order of the documentation.
    public static let live: [Scenario] = KernelWork.allCases.map { work in
        Scenario(
            name: work.rawValue, arrivals: work.invalidates ? .backToBack : .none,
            pagesPerInvalidation: work.pagesPerPart, pages: KernelWork.pagesPerFaulter, live: .kernel(work))
    }
}

extension GuardCatalogue {
    /// What `invbench live` measures, in the order of the documentation.
    public static let live: [GuardEntry] = [
        GuardEntry(kernel: "kernel", summary: "the kernel alone: mmap_lock, the locks of mappings and of page tables") {
            settings, cancellation in
            guard case .kernel(let work)? = settings.scenario.live else {
                preconditionFailure("the kernel alone has scenarios of its own")
            }
            return KernelStorm.run(work, LiveSettings(settings), cancellation: cancellation)
        }
    ]
}
