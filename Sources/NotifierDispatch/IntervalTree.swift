/// The subscriptions of a space by their ranges: a balanced search tree (AVL) in the order of first pages, in which
/// every node knows the last page of its subtree.
///
/// It owns no node. Changes need the set's lock and an even sequence (invariant 16). For a lookup no thread may change
/// it: the caller holds the lock, or has a section open that keeps the sequence odd.
struct IntervalTree {
    typealias Node = UnsafeMutablePointer<IntervalNode>

    private(set) var root: Node?

    mutating func insert(_ node: Node) {
        node.pointee.left = nil
        node.pointee.right = nil
        root = Self.inserting(node, into: root)
    }

    /// Takes out a node that is in it.
    mutating func remove(_ node: Node) {
        guard let root else { preconditionFailure("an interval is to be removed from an empty tree") }
        self.root = Self.removing(node, from: root)
    }

    /// Whether any interval shares a page with the range; O(log n).
    ///
    /// One path is enough. If the left subtree has an interval that ends behind the range's start, and yet has no hit,
    /// then that interval starts behind the range. Everything to the right of it starts there, too.
    func overlaps(_ range: InvalidationRange) -> Bool {
        var next = root
        while let node = next, node.pointee.maximumEnd > range.startPage {
            if let left = node.pointee.left, left.pointee.maximumEnd > range.startPage {
                next = left
            } else if node.pointee.startPage >= range.endPage {
                return false
            } else if node.pointee.endPage > range.startPage {
                return true
            } else {
                next = node.pointee.right
            }
        }
        return false
    }

    /// Calls `body` with exactly the intervals that share a page with the range, in order, until it returns `false`.
    /// Returns whether it never did.
    func forEach(overlapping range: InvalidationRange, _ body: (Node) -> Bool) -> Bool {
        withoutActuallyEscaping(body) { body in
            var visitor = ClosureVisitor(body: body)
            return forEach(overlapping: range, &visitor)
        }
    }

    /// The same with a visitor, whose code is inlined into the walk.
    func forEach<Visitor: IntervalVisitor & ~Copyable>(
        overlapping range: InvalidationRange, _ visitor: inout Visitor
    ) -> Bool {
        Self.visit(root, overlapping: range, &visitor)
    }

    /// Visits the hits in order. If all intervals of a subtree that it enters start before the range's end, the subtree
    /// holds a hit. Only one path crosses that end.
    private static func visit<Visitor: IntervalVisitor & ~Copyable>(
        _ subtree: Node?, overlapping range: InvalidationRange, _ visitor: inout Visitor
    ) -> Bool {
        guard let node = subtree, node.pointee.maximumEnd > range.startPage else { return true }
        guard visit(node.pointee.left, overlapping: range, &visitor) else { return false }
        guard node.pointee.startPage < range.endPage else { return true }
        if node.pointee.endPage > range.startPage, !visitor.visit(node) { return false }
        return visit(node.pointee.right, overlapping: range, &visitor)
    }

    // MARK: Balance

    private static func inserting(_ node: Node, into subtree: Node?) -> Node {
        guard let top = subtree else { return restored(node) }
        if isOrdered(node, before: top) {
            top.pointee.left = inserting(node, into: top.pointee.left)
        } else {
            top.pointee.right = inserting(node, into: top.pointee.right)
        }
        return restored(top)
    }

    private static func removing(_ node: Node, from subtree: Node?) -> Node? {
        guard let top = subtree else { preconditionFailure("an interval to be removed is not in the tree") }
        if top == node {
            guard let left = top.pointee.left else { return top.pointee.right }
            guard let right = top.pointee.right else { return left }
            let (first, rest) = removingFirst(from: right)
            first.pointee.left = left
            first.pointee.right = rest
            return restored(first)
        }
        if isOrdered(node, before: top) {
            top.pointee.left = removing(node, from: top.pointee.left)
        } else {
            top.pointee.right = removing(node, from: top.pointee.right)
        }
        return restored(top)
    }

    private static func removingFirst(from top: Node) -> (first: Node, rest: Node?) {
        guard let left = top.pointee.left else { return (top, top.pointee.right) }
        let (first, rest) = removingFirst(from: left)
        top.pointee.left = rest
        return (first, restored(top))
    }

    /// Balances the subtree of `top`, whose children are balanced and differ by at most two in height.
    private static func restored(_ top: Node) -> Node {
        let lean = height(top.pointee.left) - height(top.pointee.right)
        if lean > 1, let left = top.pointee.left {
            if height(left.pointee.left) < height(left.pointee.right) { top.pointee.left = rotatedLeft(left) }
            return rotatedRight(top)
        }
        if lean < -1, let right = top.pointee.right {
            if height(right.pointee.right) < height(right.pointee.left) { top.pointee.right = rotatedRight(right) }
            return rotatedLeft(top)
        }
        summarise(top)
        return top
    }

    private static func rotatedRight(_ top: Node) -> Node {
        guard let left = top.pointee.left else { preconditionFailure("nothing to rotate to the top") }
        top.pointee.left = left.pointee.right
        left.pointee.right = top
        summarise(top)
        summarise(left)
        return left
    }

    private static func rotatedLeft(_ top: Node) -> Node {
        guard let right = top.pointee.right else { preconditionFailure("nothing to rotate to the top") }
        top.pointee.right = right.pointee.left
        right.pointee.left = top
        summarise(top)
        summarise(right)
        return right
    }

    /// Computes height and last page of a node from its children's.
    private static func summarise(_ node: Node) {
        node.pointee.height = 1 + max(height(node.pointee.left), height(node.pointee.right))
        node.pointee.maximumEnd = max(
            node.pointee.endPage, node.pointee.left?.pointee.maximumEnd ?? 0,
            node.pointee.right?.pointee.maximumEnd ?? 0)
    }

    private static func height(_ subtree: Node?) -> Int32 { subtree?.pointee.height ?? 0 }

    /// By first page; if these are equal, by address.
    private static func isOrdered(_ node: Node, before other: Node) -> Bool {
        (node.pointee.startPage, UInt(bitPattern: node)) < (other.pointee.startPage, UInt(bitPattern: other))
    }
}

/// What a walk over a tree calls for each interval. A closure would cost a load of its context for each.
protocol IntervalVisitor: ~Copyable {
    /// Visits an interval. Returns whether to go on.
    mutating func visit(_ node: IntervalTree.Node) -> Bool
}

/// A closure as a visitor, for walks that are rare.
private struct ClosureVisitor: IntervalVisitor {
    let body: (IntervalTree.Node) -> Bool

    func visit(_ node: IntervalTree.Node) -> Bool { body(node) }
}
