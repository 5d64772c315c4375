import Foundation

extension Array where Element: Sendable {
    /// What `transform` makes of the elements, in their order, worked out on all cores at once.
    func concurrentMap<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        let slots = Slots<Result>(count: count)
        DispatchQueue.concurrentPerform(iterations: count) { index in
            slots.fill(index, with: transform(self[index]))
        }
        return slots.contents
    }
}

/// Results that threads leave, each in a place of its own. The lock guards all places.
private final class Slots<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Value?]

    init(count: Int) { values = Array(repeating: nil, count: count) }

    func fill(_ index: Int, with value: Value) { lock.withLock { values[index] = value } }

    /// What has been left, in order.
    var contents: [Value] { lock.withLock { values.compactMap(\.self) } }
}
