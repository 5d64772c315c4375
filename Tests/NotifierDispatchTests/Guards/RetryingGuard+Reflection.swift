@testable import NotifierDispatch

extension RetryingGuard: CustomReflectable where Scheme: ~Copyable {
    /// Nothing: a failed expectation shows what it names, and to reflect a scheme, which cannot be copied, traps.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
