@testable import NotifierDispatch

extension CacheSubscription {
    /// Whether it comes before another one of the same notifier list.
    func isBefore(_ other: CacheSubscription) -> Bool {
        guard case .list(let mine, _) = place, case .list(let others, _) = other.place else { return false }
        return mine.node.pointee.isBefore(others.node.pointee)
    }
}
