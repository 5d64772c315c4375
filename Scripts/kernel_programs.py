"""The real programs that Scripts/check-kernel-events runs in a machine: for each, what it needs in the machine's files,
and its name and command."""
import shutil

from kernel_machine import CACHE, SOURCES, SUITES, Packages, run


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
