/// What a scenario works on, and so which guards meet it.
public enum WorkedMemory: Sendable {
    /// Pages are words in a table, and the notifiers are the package's own.
    case tables
    /// Real memory, whose pages only the kernel serves and drops.
    case kernel
    /// Real memory, whose missing pages are served in user space, through guards.
    case userFault
}

/// What is done to real memory in a scenario of `invbench live`.
public enum LiveWork: Sendable {
    /// The kernel alone.
    case kernel(KernelWork)
    /// Faults are served in user space.
    case userFault(UserFaultWork)

    /// Why this process cannot serve faults in user space: one line, with what to do; `nil` if it can.
    public static func userFaultRefusal() -> String? {
        UserFaultStorm.works.lazy.compactMap(UserFaultStorm.refusal).first
    }

    /// One line on what it does.
    public var summary: String {
        switch self {
        case .kernel(let work): work.summary
        case .userFault(let work): work.summary
        }
    }
}

extension Scenario {
    /// What it works on.
    public var memory: WorkedMemory {
        switch live {
        case nil: .tables
        case .kernel: .kernel
        case .userFault: .userFault
        }
    }

    /// The scenarios of `invbench live`, in the order of the documentation.
    public static let live: [Scenario] =
        KernelWork.allCases.map { work in
            Scenario(
                name: work.rawValue, arrivals: work.invalidates ? .backToBack : .none,
                pagesPerInvalidation: work.pagesPerPart, pages: KernelWork.pagesPerFaulter, live: .kernel(work))
        } + UserFaultStorm.works.map { $0.scenario(live: .userFault($0)) }
}

extension GuardCatalogue {
    /// What `invbench live` measures of these guards, in the order of the documentation: the kernel alone, and each guard on
    /// memory whose faults are served in user space.
    public static func live(_ guards: [GuardEntry] = builtIn) -> [GuardEntry] {
        [kernel] + guards.map(\.servingUserFaults)
    }

    /// The kernel alone.
    private static let kernel =
        GuardEntry(kernel: "kernel", summary: "the kernel alone: mmap_lock, the locks of mappings and of page tables") {
            settings, cancellation in
            guard case .kernel(let work)? = settings.scenario.live else {
                preconditionFailure("the kernel alone has scenarios of its own")
            }
            return KernelStorm.run(work, LiveSettings(settings), cancellation: cancellation)
        }
}

/// The negative controls of all checks on real memory.
public enum LiveControl {
    /// Whether every check found what was put before it, as far as this process can have what it checks. Takes some
    /// milliseconds; to be asked before any measurement.
    public static func run() -> Bool { KernelDetectorControl.run() && UserFaultControl.run() ?? true }
}
