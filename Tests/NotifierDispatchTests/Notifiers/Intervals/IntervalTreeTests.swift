import Glibc
import Testing

@testable import NotifierDispatch

@Suite("IntervalTree")
struct IntervalTreeTests {
    /// A tree, and beside it what it must equal: all nodes that there are, and which of them are in.
    final class Model {
        var tree = IntervalTree()
        let memory: IntervalNodes
        var isIn: [Bool]

        init(_ ranges: [Range<Int>]) {
            memory = IntervalNodes(ranges.map { .of($0) })
            isIn = Array(repeating: false, count: ranges.count)
        }

        func node(_ index: Int) -> IntervalTree.Node { memory.nodes[index] }

        func insert(_ index: Int) {
            tree.insert(node(index))
            isIn[index] = true
        }

        func remove(_ index: Int) {
            tree.remove(node(index))
            isIn[index] = false
        }

        /// Those that are in, by first pages and then by addresses.
        var expected: [IntervalTree.Node] {
            isIn.indices.filter { isIn[$0] }.map(node).sorted {
                ($0.pointee.startPage, UInt(bitPattern: $0)) < ($1.pointee.startPage, UInt(bitPattern: $1))
            }
        }
    }

    @Test(
        "Insertions and removals leave it ordered, balanced and equal to an array, and so are lookups", arguments: 1...4
    )
    func randomSteps(seed: Int) {
        var random = SeededRandom(seed: seed)
        func range(upTo longest: Int) -> Range<Int> {
            let start = Int.random(in: 0..<200, using: &random)
            return start..<start + Int.random(in: 1...longest, using: &random)
        }
        // Few long ones among short ones, so that last pages come from deep below.
        let model = Model((0..<120).map { range(upTo: $0 % 10 == 0 ? 150 : 12) })
        var wrong = 0
        for _ in 0..<2_000 {
            let index = Int.random(in: model.isIn.indices, using: &random)
            model.isIn[index] ? model.remove(index) : model.insert(index)
            let expected = model.expected
            if model.tree.checkedNodes() != expected { wrong += 1 }
            let asked = InvalidationRange.of(range(upTo: 20))
            let hits = expected.filter { $0.pointee.range.overlaps(asked) }
            if model.tree.nodes(overlapping: asked) != hits { wrong += 1 }
            if model.tree.overlaps(asked) == hits.isEmpty { wrong += 1 }
        }
        #expect(wrong == 0)
        for index in model.isIn.indices where model.isIn[index] { model.remove(index) }
        #expect(model.tree.root == nil)
    }

    @Test("Invariant 20: ranges that are adjacent do not match, on either side")
    func invariant20() {
        let model = Model([4..<8, 8..<12, 20..<24])
        for index in 0..<3 { model.insert(index) }
        #expect(model.tree.nodes(overlapping: .of(8..<12)) == [model.node(1)])
        #expect(model.tree.nodes(overlapping: .of(7..<9)) == [model.node(0), model.node(1)])
        for missing in [0..<4, 12..<20, 24..<30] {
            #expect(!model.tree.overlaps(.of(missing)))
            #expect(model.tree.nodes(overlapping: .of(missing)).isEmpty)
        }
        for hit in [3..<5, 11..<12, 23..<24, 0..<100] { #expect(model.tree.overlaps(.of(hit))) }
    }

    @Test("The same range many times: each is found, and removed alone")
    func sameRange() {
        let model = Model(Array(repeating: 4..<8, count: 40))
        for index in 0..<40 { model.insert(index) }
        for index in 0..<40 {
            #expect(model.tree.nodes(overlapping: .of(5..<6)) == model.expected)
            model.remove(index)
            #expect(model.tree.checkedNodes() == model.expected)
        }
        #expect(!model.tree.overlaps(.of(5..<6)))
    }

    @Test("forEach stops where it is told to, and says so")
    func stops() {
        let model = Model((0..<20).map { $0..<$0 + 2 })
        for index in 0..<20 { model.insert(index) }
        for limit in 1...20 {
            var visited: [IntervalTree.Node] = []
            let wasNeverStopped = model.tree.forEach(overlapping: .of(0..<30)) {
                visited.append($0)
                return visited.count < limit
            }
            #expect(!wasNeverStopped)
            #expect(visited == (0..<limit).map(model.node))
        }
        #expect(model.tree.forEach(overlapping: .of(0..<30)) { _ in true })
    }

    @Test("The tree is O(log n) high, also where ranges came in order", arguments: [1_000, 100_000])
    func height(count: Int) throws {
        let model = Model((0..<count).map { 2 * $0..<2 * $0 + 1 })
        for index in 0..<count { model.insert(index) }
        #expect(model.tree.checkedNodes()?.count == count)
        let root = try #require(model.tree.root)
        #expect(Double(root.pointee.height) <= 1.45 * log2(Double(count + 2)))
        #expect(model.tree.nodes(overlapping: .of(count..<count + 4)) == [count / 2, count / 2 + 1].map(model.node))
    }

    @Test("A lookup enters no more nodes than lie on a path, and one more path for each hit")
    func nodesEntered() throws {
        let count = 1_000
        let model = Model((0..<count).map { 4 * $0..<4 * $0 + 2 })
        for index in 0..<count { model.insert(index) }
        let height = Int(try #require(model.tree.root).pointee.height)
        for page in stride(from: 2, to: 4 * count, by: 4 * 37) {
            let gap = InvalidationRange.of(page..<page + 2)
            #expect(model.tree.nodesEntered { $0.overlaps(gap) } <= height)
            for hits in 0..<3 {
                let asked = InvalidationRange.of(page..<page + 2 + 4 * hits)
                let entered = model.tree.nodesEntered { tree in
                    tree.nodes(overlapping: asked).contains { $0.pointee.range == .everything }
                }
                #expect(entered <= (hits + 1) * height)
            }
        }
    }
}
