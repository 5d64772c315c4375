import Glibc
import NotifierDispatch
import Testing

@testable import InvalidationStorm

/// What the plan says, done on the machine that the tests run on.
@Suite struct ThisMachineTests {
    private let cpus = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)
    private let nodes = ThisMachine.topology.nodes.filter(\.hasUsableMemory).map(\.number)

    @Test("Role threads are where the plan says, and begin again where places run out")
    func roleThreads() throws {
        let plan = try PlacementPlan(.init(), on: ThisMachine.topology, faulters: cpus.count, others: 2)
        #expect(Set(plan.places.prefix(cpus.count)) == Set(cpus.map { Place([$0]) }))
        for place in plan.places {
            let allowed = RoleThread("test", on: place) { Result { try allowedCPUs() } }.join()
            #expect(try allowed.get() == place.threads)
        }
    }

    @Test("A thread on a whole node may run on all of it, and one that is anywhere on everything")
    func widePlaces() throws {
        let plan = try PlacementPlan(.init(pin: .perNode), on: ThisMachine.topology, faulters: 1, others: 0)
        let onNode = RoleThread("test", on: plan.places[0]) { Result { try allowedCPUs() } }.join()
        #expect(try onNode.get() == plan.places[0].threads.sorted())
        let anywhere = RoleThread("test", on: .anywhere) { Result { try allowedCPUs() } }.join()
        #expect(try anywhere.get() == cpus.sorted())
    }

    @Test("Where there is one node without second hardware threads, thread n is on the n-th allowed cpu")
    func plainMachine() throws {
        let topology = ThisMachine.topology
        guard topology.nodes.count == 1, topology.cacheGroups.count <= 1,
            topology.cores.allSatisfy({ $0.threads.count == 1 })
        else { return }
        let plan = try PlacementPlan(.init(), on: topology, faulters: cpus.count + 1, others: 0)
        let sorted = cpus.sorted()
        #expect(plan.places == (sorted + [sorted[0]]).map { Place([$0]) })
        #expect(plan.memoryNodes == [])
    }

    @Test("A thread's memory policy holds while it builds, and is restored")
    func threadPolicy() throws {
        let policies = RoleThread("test", on: .anywhere) { [nodes] in
            Result {
                let before = try memoryPolicy()
                let (inside, error) = try ThisMachine.withMemory(on: [nodes[0]]) { try memoryPolicy() }
                return (before: before, inside: inside, after: try memoryPolicy(), error: error)
            }
        }.join()
        let (before, inside, after, error) = try policies.get()
        #expect(after == before)
        if error == 0, let inside { #expect(inside.hasPrefix("bind")) }
    }

    @Test("A node that does not exist is refused, and what is built is built all the same")
    func refusedPolicy() {
        let nodeBeyondAll = 1000
        let (built, error) = ThisMachine.withMemory(on: [nodeBeyondAll]) { 7 }
        #expect(built == 7)
        #expect(error != 0)
        let binder = MemoryBinder(nodes: [nodeBeyondAll])
        #expect(binder.building(isFirst: true) { 8 } == 8)
        guard case .refused(let reason)? = binder.outcome else {
            Issue.record("not refused")
            return
        }
        #expect(reason.hasPrefix("set_mempolicy: "))
    }

    @Test("Tables lie on the nodes that they were bound to, and the outcome says so")
    func tables() throws {
        for wanted in [[nodes[0]], nodes] {
            let binder = MemoryBinder(nodes: wanted)
            let table = PageTable(pages: 65_536, memory: binder)
            let shadow = ShadowTable(pageTable: table)
            #expect(shadow.staleCount == 0)
            #expect(binder.outcome == .asPlanned)
            let memory = UnsafeMutableRawBufferPointer(start: table.entries, count: 65_536 * 8)
            if let found = ThisMachine.nodes(of: memory) { #expect(Set(found) == Set(wanted)) }
        }
    }

    @Test("A table that cannot be bound is there all the same, and the first refusal is kept")
    func refusedTable() {
        let binder = MemoryBinder(nodes: [1000])
        #expect(PageTable(pages: 16, memory: binder).walk(15) == 1)
        guard case .refused(let reason)? = binder.outcome else {
            Issue.record("not refused")
            return
        }
        #expect(reason.hasPrefix("mbind: "))
    }

    @Test("Pages that lie elsewhere than planned are told")
    func misplaced() {
        let memory = MemoryBinder.firstTouch.map(bytes: 1)
        defer { MemoryBinder.unmap(memory) }
        memory[0] = 1
        let binder = MemoryBinder(nodes: [1000])
        binder.check(memory)
        if ThisMachine.nodes(of: memory) != nil { #expect(binder.outcome != .asPlanned) }
    }

    @Test("Of the nodes that pages are spread over, one without any is told, if there are pages enough")
    func emptyNode() {
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        for (pages, isTold) in [(1, false), (2, true)] {
            let memory = MemoryBinder.firstTouch.map(bytes: pages * pageSize)
            defer { MemoryBinder.unmap(memory) }
            for page in 0..<pages { memory[page * pageSize] = 1 }
            guard let found = ThisMachine.nodes(of: memory), found.count == 1 else { return }
            let binder = MemoryBinder(nodes: [found[0], 1000])
            binder.check(memory)
            #expect(binder.outcome == (isTold ? .refused("no page lies on node 1000") : .asPlanned))
        }
    }

    @Test("Memory that is left to the kernel has no outcome, and is not bound")
    func firstTouch() {
        let binder = MemoryBinder(nodes: [])
        _ = PageTable(pages: 16, memory: binder)
        #expect(binder.building(isFirst: true) { 1 } == 1)
        #expect(binder.outcome == nil)
    }

    @Test("Every life of a space is built under the policy of its memory")
    func lives() throws {
        let policies = Gathered<String?>()
        let table = PageTable(pages: 64, memory: MemoryBinder(nodes: [nodes[0]]))
        let device = Device(pageTable: table) { _ in
            policies.add(try? memoryPolicy())
            return MutexGuard()
        }
        let scenario = try #require(Scenario.builtIn.first { $0.name == "exit" })
        RCU.withRegisteredThread {
            let lives = SpaceLives(scenario: scenario, pairing: .targetedUndo, device: device)
            lives.renew {}
            lives.end()
        }
        let seen = policies.values
        #expect(seen.count == 2)
        if table.memory.outcome == .asPlanned {
            #expect(seen.allSatisfy { $0 == nil || $0 == "bind:\(nodes[0])" })
        }
    }

    @Test("A storm's threads are where its placement says, under the names of their roles")
    func threadsOfAStorm() throws {
        guard cpus.count > 1 else { return }
        let scenario = try #require(Scenario.builtIn.first { $0.name == "exit" })
        var settings = StormSettings(scenario: scenario)
        settings.windowNanoseconds = 120_000_000
        for list in [[cpus[0], cpus[1]], [cpus[1], cpus[0]]] {
            settings.placement = Placement(pin: .cpus(NumberList(list)))
            let (places, names) = (Gathered<[Int]>(), Gathered<String>())
            let measurement = Storm.run(settings, cancellation: Cancellation()) { _ in
                places.add((try? allowedCPUs()) ?? [])
                names.add((try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "")
                return MutexGuard()
            }
            #expect(measurement?.staleInstalls == 0)
            // The first guard is built by the thread that sets up, the others by the invalidator.
            let builders = places.values
            try #require(builders.count > 1)
            #expect(builders.dropFirst().allSatisfy { $0 == [list[1]] })
            #expect(names.values.dropFirst().allSatisfy { $0 == "invalidator 0\n" })
        }
    }

    @Test("A storm with bound memory and a renewed space says that it is as planned")
    func storm() throws {
        let entry = try #require(GuardCatalogue.builtIn.first { $0.name == "striped" })
        let scenario = try #require(Scenario.builtIn.first { $0.name == "exit" })
        var settings = StormSettings(scenario: scenario)
        settings.windowNanoseconds = 60_000_000
        settings.placement = Placement(pin: .scatter, memory: .interleave)
        let measurement = try #require(entry.run(settings, Cancellation()))
        #expect(measurement.staleInstalls == 0)
        #expect(measurement.memory == (nodes.count > 1 ? .asPlanned : nil))
    }
}

/// The calling thread's memory policy, in the kernel's words; `nil` where it does not show it.
private func memoryPolicy() throws -> String? {
    guard let maps = try? String(contentsOfFile: "/proc/thread-self/numa_maps", encoding: .utf8) else { return nil }
    // A mapping without a policy of its own shows the thread's.
    let line = maps.split(separator: "\n").first { $0.contains(" file=") }
    // ThreadSanitizer's shadow takes the kernel seconds to walk, and was seen to leave no mapping of a file in the text.
    if line == nil && dlsym(nil, "__tsan_init") != nil { return nil }
    return try String(#require(line).split(separator: " ")[1])
}
