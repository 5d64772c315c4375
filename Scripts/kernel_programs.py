"""The machine that records programs for Scripts/check-kernel-events, and the real programs among them: for each, what it
needs in the machine's files, and its name and command."""
import shutil

from kernel_machine import CACHE, ROOT, SUITES, Machine, Packages, run

SOURCES = ROOT / "Tests/KernelEvents"
MODULE = ROOT / "Examples/notifier-log"
# How long a machine may run, in seconds. The operations take about 15 on two idle cores.
PATIENCE = 400


class Recorder(Machine):
    """Records `programs`, each a name and a command; see Tests/KernelEvents/init.c."""

    def __init__(self, kernel, name):
        super().__init__(kernel, name)
        self.programs = []

    def prepare(self):
        super().prepare(SOURCES / "init.c")
        (self.disk / "notifier_log.ko").write_bytes(self.kernel.build_module(MODULE, "notifier_log"))
        (self.disk / "brd.ko").write_bytes(self.kernel.module("drivers/block/brd"))
        self.add_program("strace")

    def record(self, memory=1024, patience=PATIENCE):
        """Runs the programs on `memory` MiB and for `patience` seconds at most."""
        (self.disk / "programs").write_text("".join(f"{name} {command}\n" for name, command in self.programs))
        self.boot([
            # An interrupt comes between instructions that are counted: without that 6.12 crashes in three of four boots,
            # where it changes its own code.
            "-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "max", "-smp", "1", "-m", str(memory),
            # Two nodes, for pages that are moved from one to the other.
            "-object", f"memory-backend-ram,id=one,size={memory // 2}M", "-numa", "node,memdev=one,cpus=0",
            "-object", f"memory-backend-ram,id=two,size={memory // 2}M", "-numa", "node,memdev=two",
        ], patience, "hugepages=8")


def gcc(machine):
    """The driver, the compiler and the assembler; the source is one of the check's own, preprocessed."""
    compiler = run("gcc", "-print-prog-name=cc1").strip()
    for program in ["gcc", "as"]:
        machine.add_program(program)
    machine.add_program(compiler, compiler)
    run("gcc", "-E", "-P", "-o", machine.disk / "source.i", SOURCES / "init.c")
    return "gcc", "/usr/bin/gcc -O1 -c -o /tmp/source.o /source.i"


def redis(machine):
    """redis-server, its benchmark and a snapshot, of packages that are not installed. Raises `CannotFetch`."""
    packages = Packages(CACHE / "redis", SUITES["6.1"])
    packages.unpack("redis-server", "redis-tools", "libatomic1", "libjemalloc2", "liblzf1")
    libraries = packages.root / "usr/lib/x86_64-linux-gnu"
    for program in ["redis-server", "redis-cli", "redis-benchmark"]:
        machine.add_program(packages.root / "usr/bin" / program, libraries=libraries)
    for program in ["sh", "sleep"]:
        machine.add_program(program)
    machine.add(SOURCES / "redis.sh", "redis.sh")
    return "redis", "/usr/bin/sh /redis.sh"


def java(machine):
    """A virtual machine with Java's base library only, from the development kit here; None without one."""
    if not shutil.which("jlink") or not shutil.which("javac"):
        return None
    place = machine.disk / "java"
    run("jlink", "--add-modules", "java.base", "--strip-debug", "--no-header-files", "--no-man-pages", "--output", place)
    run("javac", "-d", place, SOURCES / "Load.java")
    machine.add_libraries(place / "bin/java")
    machine.add_libraries(place / "lib/server/libjvm.so")
    return "java", "/java/bin/java -Xmx64m -cp /java Load"


def all_of_them(machine):
    """Of each program the name and the command; says which is not there."""
    found = [gcc(machine), redis(machine), java(machine)]
    if None in found:
        print("java was NOT run: there is no Java development kit here")
    return [program for program in found if program]
