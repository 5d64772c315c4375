import CPlatform

/// Where role threads run: thread `n` on the `n`-th allowed core, from the start again when they run out.
enum CorePlacement {
    /// The cores that this process may run on, in the kernel's numbering.
    static let allowedCores = (0..<cplatform_core_limit()).filter { cplatform_core_is_allowed($0) != 0 }

    /// Pins the calling thread. Without effect where the kernel does not say which cores are allowed.
    static func pin(threadNumber: Int) {
        guard !allowedCores.isEmpty else { return }
        cplatform_pin_to_core(allowedCores[threadNumber % allowedCores.count])
    }
}
