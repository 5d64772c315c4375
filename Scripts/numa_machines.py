"""The machines that Scripts/check-numa boots, and what a placement must mean on them.

The rules stand here a second time, as `invbench run --help` and Documentation/NUMA.md say them, and the machines are those
that QEMU is told to be: nothing of invbench's plan, nor of what hwloc reads, is used.
"""
import itertools


class Impossible(Exception):
    """What cannot be placed: the flag that is refused, and some of the reason."""


class Node:
    """A NUMA node: its number, the cores on it, each a tuple of cpus, its memory in MiB, 0 where it has none, and the number
    of its package, None where it is in none."""

    def __init__(self, number, cores, memory, package):
        self.number = number
        self.cores = cores
        self.memory = memory
        self.package = package

    @property
    def cpus(self):
        return [cpu for core in self.cores for cpu in core]


class Topology:
    """A machine. `packages`: for each its nodes, each a number, how many cores it has, and its memory in MiB; `alone`: the
    nodes without cores, each a number and its memory; `distances`: by numbers. Linux numbers nodes with cores first."""

    def __init__(self, packages, alone, distances, threads=1):
        self.threads = threads
        self.nodes = []
        self.dies = max(map(len, packages))
        self.widest = max(cores for nodes in packages for _, cores, _ in nodes)
        self.sockets = len(packages)
        # For each cpu where it is: the node, and QEMU's socket, die, core and thread.
        self.places = []
        for socket, nodes in enumerate(packages):
            for die, (number, count, memory) in enumerate(nodes):
                cores = []
                for core in range(count):
                    first = len(self.places)
                    cores.append(tuple(range(first, first + threads)))
                    self.places += [(number, socket, die, core, thread) for thread in range(threads)]
                self.nodes.append(Node(number, cores, memory, socket))
        self.nodes += [Node(number, [], memory, None) for number, memory in alone]
        self.nodes.sort(key=lambda node: node.number)
        self.distances = distances

    @property
    def cpus(self):
        return range(len(self.places))

    @property
    def with_memory(self):
        return [node.number for node in self.nodes if node.memory]

    @property
    def with_cores(self):
        return [node.number for node in self.nodes if node.cores]

    def hardware(self):
        """QEMU's arguments."""
        # QEMU shows several threads of a core for Intel's processors only.
        processor = "max,vendor=GenuineIntel" if self.threads > 1 else "max"
        most = self.sockets * self.dies * self.widest * self.threads
        # On one thread of the host: several were not faster on two cores, and one boot in some twenty stood still.
        words = ["-machine", "q35", "-accel", "tcg,thread=single", "-cpu", processor,
                 "-m", str(sum(node.memory for node in self.nodes)), "-smp", f"1,maxcpus={most},sockets={self.sockets},"
                 f"dies={self.dies},cores={self.widest},threads={self.threads}"]
        for node in self.nodes:
            memory = ""
            if node.memory:
                words += ["-object", f"memory-backend-ram,id=memory{node.number},size={node.memory}M"]
                memory = f",memdev=memory{node.number}"
            words += ["-numa", f"node,nodeid={node.number}{memory}"]

        def die_of(number):
            # QEMU takes it only where there are several.
            return f",die-id={number}" if self.dies > 1 else ""

        for socket, die in itertools.product(range(self.sockets), range(self.dies)):
            # A die without cpus belongs to a node too.
            number = max(place[0] for place in self.places if place[1] == socket and place[2] <= die)
            words += ["-numa", f"cpu,node-id={number},socket-id={socket}{die_of(die)}"]
        for one, other in itertools.combinations(range(len(self.nodes)), 2):
            words += ["-numa", f"dist,src={one},dst={other},val={self.distances[one][other]}"]
        # Sockets with different numbers of cores: all cpus but the first are plugged one by one.
        for _, socket, die, core, thread in self.places[1:]:
            words += ["-device", f"max-x86_64-cpu,socket-id={socket}{die_of(die)},core-id={core},thread-id={thread}"]
        return words

    def nearest_memory(self, number, usable):
        """The node itself where it is among the usable ones, else the nearest of these."""
        return min(usable, key=lambda other: (self.distances[number][other], other))

    def node_of(self, cpu):
        return self.places[cpu][0]


def in_turn(groups):
    """One of each group in turn, until all have run out."""
    return [one for row in itertools.zip_longest(*groups) for one in row if one is not None]


class Placement:
    """Flags, and how many threads there are of each kind. `allowed`: the cpus that the process may run on."""

    def __init__(self, topology, pin, memory, roles, smt, faulters, others, allowed):
        self.topology = topology
        self.pin = pin
        self.memory = memory
        self.roles = roles
        self.smt = smt
        self.faulters = faulters
        self.others = others
        self.allowed = allowed

    def cores(self, node):
        """For each core of a node the cpus that may be used."""
        cores = [[cpu for cpu in core if cpu in self.allowed] for core in node.cores]
        return [core[:1] if self.smt == "avoid" else core for core in cores if core]

    def sequence(self, nodes):
        """The places on these nodes, in the order in which threads take them; each a set of cpus."""
        if self.pin == "none":
            return [set(self.allowed)]
        if self.pin == "per-node":
            return [{cpu for core in self.cores(node) for cpu in core} for node in nodes]
        if self.pin == "compact":
            return [{cpu} for node in nodes for rank in range(self.topology.threads)
                    for cpu in (core[rank] for core in self.cores(node) if len(core) > rank)]
        if self.pin == "scatter":
            # Here each node has an L3 cache of its own.
            return [{cpu} for rank in range(self.topology.threads) for cpu in in_turn(
                in_turn([core[rank] for core in self.cores(node) if len(core) > rank] for node in package)
                for _, package in itertools.groupby(nodes, key=lambda node: node.package))]
        return [{cpu} for cpu in self.pin]

    def places(self):
        """For each thread the cpus that it may run on."""
        nodes = [node for node in self.topology.nodes if self.cores(node)]

        def of(some, count):
            return list(itertools.islice(itertools.cycle(self.sequence(some)), count))

        if self.roles == "together":
            return of(nodes, self.faulters + self.others)
        if len(nodes) < 2:
            raise Impossible("--roles", "two NUMA nodes with cores")
        first = nodes[0]
        other = next((node for node in nodes if node.package != first.package), nodes[1])
        return of([first], self.faulters) + of([other], self.others)

    def memory_nodes(self, places, usable):
        """The nodes that the tables lie on, of the `usable` ones; none where the kernel decides."""
        topology = self.topology

        def nodes_of(some):
            return sorted({topology.node_of(cpu) for place in some for cpu in place})

        homes = nodes_of(places[:self.faulters])
        if self.memory == "first-touch" or (len(usable) < 2 and self.memory != "remote"):
            return []
        if self.memory == "interleave":
            return usable
        if self.memory == "local":
            return sorted({topology.nearest_memory(home, usable) for home in homes})
        free = [number for number in usable if number not in nodes_of(places)]
        if not free:
            raise Impossible("--memory", "on which no thread runs" if len(usable) > 1 else "two NUMA nodes with memory")
        with_cores = [number for number in free if topology.nodes[number].cores] or free
        farthest = max(topology.distances[homes[0]][number] for number in with_cores)
        return [next(number for number in with_cores if topology.distances[homes[0]][number] == farthest)]


def distances(rows):
    """The whole matrix of one that ends at the diagonal."""
    return [[rows[max(one, other)][min(one, other)] for other in range(len(rows))] for one in range(len(rows))]


# By the number of nodes. Cores are uneven everywhere; the second and the third have a node without memory and one without
# cores, and the third has two nodes in a package. The first node also holds the files.
MACHINES = {
    2: Topology([[(0, 3, 640)], [(1, 1, 256)]], [], distances([[10], [20, 10]]), threads=2),
    4: Topology([[(0, 3, 640)], [(1, 1, 256)], [(2, 2, 0)]], [(3, 256)],
                distances([[10], [20, 10], [25, 22, 10], [30, 17, 28, 10]])),
    8: Topology([[(0, 2, 640), (1, 1, 256)], [(2, 1, 256), (3, 2, 0)], [(4, 1, 256)], [(5, 1, 256), (6, 2, 256)]],
                [(7, 256)],
                distances([[10], [12, 10], [21, 21, 10], [21, 21, 12, 10], [24, 24, 21, 21, 10], [26, 26, 24, 24, 21, 10],
                           [27, 27, 25, 25, 21, 12, 10], [31, 31, 28, 28, 15, 28, 29, 10]])),
}
