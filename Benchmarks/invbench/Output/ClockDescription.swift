import CPlatform

/// Which clock times the faults.
enum ClockDescription {
    /// The time stamp counter where it ticks at one rate on all cores, else the kernel's clock.
    static func text(kernelSource: String?) -> String {
        let kernel = kernelSource.map { " (the kernel uses \($0))" } ?? ""
        return cplatform_ticks_are_invariant() == 1
            ? "invariant time stamp counter\(kernel)" : "clock_gettime\(kernel)"
    }
}
