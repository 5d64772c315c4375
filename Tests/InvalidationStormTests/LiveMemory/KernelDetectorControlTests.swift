import Glibc
import Synchronization
import Testing

@testable import InvalidationStorm

/// Not under ThreadSanitizer: it does not bear the copies of a process of several threads, and touches fault in its own memory,
/// too.
@Suite(.enabled(if: dlsym(nil, "__tsan_init") == nil, "copies of the process, and page faults that are counted"))
struct KernelDetectorControlTests {
    @Test("Every check finds the wrong page that was put before it, every time, and nothing where nothing is wrong")
    func everyFaultIsCaught() {
        for _ in 0..<20 {
            for fault in KernelDetectorControl.Fault.allCases {
                #expect(KernelDetectorControl.isCaught(fault), "\(fault)")
            }
            #expect(KernelDetectorControl.run())
        }
    }

    @Test("A touch tells a new page from one that holds something")
    func aTouchTellsNewFromOld() {
        let memory = KernelMemory(.touchDontneed, faulters: 1, invalidators: 1)
        let part = memory.start(area: 0, part: 0)
        let first = PagesToTouch(first: part, count: 16, stamp: 2, expected: 0, areCopied: false)
        let second = PagesToTouch(first: part, count: 16, stamp: 4, expected: 0, areCopied: false)
        #expect((0..<16).allSatisfy { first.touch($0) })
        #expect((0..<16).allSatisfy { !second.touch($0) })
        memory.change(part, by: 0)
        #expect((0..<16).allSatisfy { second.touch($0) })
    }

    @Test("What each call does to a page's content is what its fate says", arguments: KernelWork.allCases)
    func fatesAreThoseOfTheKernel(work: KernelWork) {
        guard work.fate != .copied else { return }
        let memory = KernelMemory(work, faulters: 1, invalidators: 2)
        let part = memory.start(area: 0, part: 0)
        let word = KernelMemory.word(of: part)
        for turn in [2, 4, 6] as [UInt64] {
            word.pointee.store(turn, ordering: .relaxed)
            memory.change(part, by: 1)
            let content = word.pointee.load(ordering: .relaxed)
            switch work.fate {
            case .dropped: #expect(content == 0)
            case .kept: #expect(content == turn)
            case .keptOrDropped: #expect(content == turn || content == 0)
            case .copied: break
            }
            memory.prepare(part, by: 1)
            #expect(word.pointee.load(ordering: .relaxed) == 0, "\(work) leaves a page that does not fault")
        }
    }
}
