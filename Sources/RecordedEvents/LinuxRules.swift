/// The kernel whose rules say what a call raises. `Scripts/check-kernel-events` boots each of them, and compares.
///
/// They differ in what mprotect raises, in which neighbour a new mapping joins, and in hugetlb pages that are dropped; see
/// ``RecordedSpace``. A recording of calls does not say which kernel it was made on.
package enum LinuxRules: String, Sendable, CaseIterable {
    case linux6_1 = "6.1"
    case linux6_12 = "6.12"

    /// Those by which a ``Trace`` is read.
    package static let ofTraces = linux6_1
}
