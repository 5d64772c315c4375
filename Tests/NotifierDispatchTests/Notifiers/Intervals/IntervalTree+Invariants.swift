@testable import NotifierDispatch

extension IntervalTree {
    /// The nodes in the tree's order; `nil` where a height, a lean or a last page is wrong.
    func checkedNodes() -> [Node]? {
        var nodes: [Node] = []
        return Self.check(root, into: &nodes) == nil ? nil : nodes
    }

    private static func check(_ subtree: Node?, into nodes: inout [Node]) -> (height: Int32, maximumEnd: Int)? {
        guard let node = subtree else { return (0, 0) }
        guard let left = check(node.pointee.left, into: &nodes) else { return nil }
        nodes.append(node)
        guard let right = check(node.pointee.right, into: &nodes) else { return nil }
        let height = 1 + max(left.height, right.height)
        let maximumEnd = max(node.pointee.endPage, left.maximumEnd, right.maximumEnd)
        guard abs(left.height - right.height) <= 1, node.pointee.height == height,
            node.pointee.maximumEnd == maximumEnd
        else { return nil }
        return (height, maximumEnd)
    }

    /// How many nodes below the root a lookup enters: those in whose place it notices another one, that looks the same
    /// from above but covers all pages and has nothing below it.
    func nodesEntered(by notices: (IntervalTree) -> Bool) -> Int {
        let memory = IntervalNodes([.everything])
        func substitute(for node: Node) -> Node {
            memory.nodes[0].pointee.maximumEnd = node.pointee.maximumEnd
            return memory.nodes[0]
        }
        var entered = 0
        for parent in checkedNodes() ?? [] {
            if let left = parent.pointee.left {
                parent.pointee.left = substitute(for: left)
                if notices(self) { entered += 1 }
                parent.pointee.left = left
            }
            if let right = parent.pointee.right {
                parent.pointee.right = substitute(for: right)
                if notices(self) { entered += 1 }
                parent.pointee.right = right
            }
        }
        return entered
    }

    /// What ``forEach(overlapping:_:)`` visits.
    func nodes(overlapping range: InvalidationRange) -> [Node] {
        var nodes: [Node] = []
        _ = forEach(overlapping: range) {
            nodes.append($0)
            return true
        }
        return nodes
    }
}
