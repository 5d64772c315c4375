@testable import InvalidationStorm

extension RoleThread {
    /// A thread on the place that the default placement gives to the thread of this number.
    convenience init(number: Int, _ body: @escaping @Sendable () -> Result) {
        let threads = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)
        self.init("test \(number)", on: Place([threads[number % threads.count]]), body)
    }
}
