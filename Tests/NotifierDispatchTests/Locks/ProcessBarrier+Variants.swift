@testable import NotifierDispatch

extension ProcessBarrier {
    /// The kernel's, where it has one, and that of fences on both sides.
    static let variants = ProcessBarrier().isKernels ? [ProcessBarrier(), fences] : [fences]

    private static let fences = ProcessBarrier(isKernels: false)
}
