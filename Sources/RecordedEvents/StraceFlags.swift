/// The names that strace writes for the flags of the calls followed here. A name outside these is a damaged line; a
/// flag that strace has no name for is a number.
enum StraceFlags {
    static let protection: Set<String> = [
        "PROT_NONE", "PROT_READ", "PROT_WRITE", "PROT_EXEC", "PROT_SEM", "PROT_GROWSDOWN", "PROT_GROWSUP", "PROT_SAO",
        "PROT_BTI", "PROT_MTE", "PROT_ADI",
    ]

    static let mapping: Set<String> = [
        "MAP_FILE", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE", "MAP_DROPPABLE", "MAP_FIXED", "MAP_ANONYMOUS",
        "MAP_32BIT", "MAP_ABOVE4G", "MAP_GROWSDOWN", "MAP_GROWSUP", "MAP_DENYWRITE", "MAP_EXECUTABLE", "MAP_LOCKED",
        "MAP_NORESERVE", "MAP_POPULATE", "MAP_NONBLOCK", "MAP_STACK", "MAP_HUGETLB", "MAP_SYNC", "MAP_FIXED_NOREPLACE",
        "MAP_UNINITIALIZED",
    ]

    static let moving: Set<String> = ["MREMAP_MAYMOVE", "MREMAP_FIXED", "MREMAP_DONTUNMAP"]

    static let attaching: Set<String> = ["SHM_RDONLY", "SHM_RND", "SHM_REMAP", "SHM_EXEC"]

    /// What mmap's flags make of a mapping.
    static let mappingTraits: [String: Mapping.Traits] = [
        "MAP_LOCKED": .locked, "MAP_NORESERVE": .notReserved, "MAP_GROWSDOWN": .growsDown, "MAP_HUGETLB": .hugetlb,
    ]

    /// Advice that changes what a mapping is.
    static let traits: [String: (adding: Mapping.Traits, removing: Mapping.Traits)] = [
        "MADV_NORMAL": ([], [.random, .sequential]), "MADV_RANDOM": (.random, .sequential),
        "MADV_SEQUENTIAL": (.sequential, .random), "MADV_DONTFORK": (.omittedByFork, []),
        "MADV_DOFORK": ([], .omittedByFork), "MADV_WIPEONFORK": (.wipedByFork, []),
        "MADV_KEEPONFORK": ([], .wipedByFork), "MADV_DONTDUMP": (.notDumped, []), "MADV_DODUMP": ([], .notDumped),
        "MADV_HUGEPAGE": (.hugePages, .noHugePages), "MADV_NOHUGEPAGE": (.noHugePages, .hugePages),
        "MADV_MERGEABLE": (.mergeable, []), "MADV_UNMERGEABLE": ([], .mergeable),
    ]

    /// The names of the advice that matters, for a strace that writes numbers.
    static let numbered: [UInt64: String] = [
        4: "MADV_DONTNEED", 8: "MADV_FREE", 9: "MADV_REMOVE", 10: "MADV_DONTFORK", 11: "MADV_DOFORK",
        14: "MADV_HUGEPAGE", 15: "MADV_NOHUGEPAGE", 16: "MADV_DONTDUMP", 17: "MADV_DODUMP", 18: "MADV_WIPEONFORK",
        19: "MADV_KEEPONFORK", 21: "MADV_PAGEOUT", 24: "MADV_DONTNEED_LOCKED", 25: "MADV_COLLAPSE",
        102: "MADV_GUARD_INSTALL",
    ]

    static let advice: Set<String> = [
        "MADV_DONTNEED", "MADV_DONTNEED_LOCKED", "MADV_FREE", "MADV_REMOVE", "MADV_GUARD_INSTALL",
        "MADV_NORMAL", "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_WILLNEED", "MADV_DONTFORK", "MADV_DOFORK",
        "MADV_MERGEABLE", "MADV_UNMERGEABLE", "MADV_HUGEPAGE", "MADV_NOHUGEPAGE", "MADV_DONTDUMP", "MADV_DODUMP",
        "MADV_WIPEONFORK", "MADV_KEEPONFORK", "MADV_COLD", "MADV_PAGEOUT", "MADV_POPULATE_READ", "MADV_POPULATE_WRITE",
        "MADV_COLLAPSE", "MADV_HWPOISON", "MADV_SOFT_OFFLINE", "MADV_GUARD_REMOVE",
    ]

    /// clone's flags, and the signal of the child's end that strace writes among them.
    static let cloning: Set<String> = [
        "CLONE_NEWTIME", "CLONE_VM", "CLONE_FS", "CLONE_FILES", "CLONE_SIGHAND", "CLONE_PIDFD", "CLONE_PTRACE",
        "CLONE_VFORK", "CLONE_PARENT", "CLONE_THREAD", "CLONE_NEWNS", "CLONE_SYSVSEM", "CLONE_SETTLS",
        "CLONE_PARENT_SETTID", "CLONE_CHILD_CLEARTID", "CLONE_DETACHED", "CLONE_UNTRACED", "CLONE_CHILD_SETTID",
        "CLONE_NEWCGROUP", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWUSER", "CLONE_NEWPID", "CLONE_NEWNET", "CLONE_IO",
        "CLONE_CLEAR_SIGHAND", "CLONE_INTO_CGROUP", "CLONE_IDLETASK",
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
        "SIGSYS",
    ]
}
