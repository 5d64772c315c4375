"""A machine of QEMU with one of Debian's kernels, for Scripts/check-kernel-events and Scripts/check-numa.

A kernel and its headers are fetched as packages, with sources and lists of their own, and unpacked below .build/kernels:
nothing is installed, and the system's sources stay as they are.
"""
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".build/kernels"
MIRROR = "http://deb.debian.org"
# Where each kernel is.
SUITES = {
    "6.1": ["debian bookworm", "debian-security bookworm-security"],
    "6.12": ["debian bookworm-backports"],
}


def fail(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {message}")


class CannotFetch(Exception):
    """A package is not here and cannot be fetched; says why in a line."""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Packages:
    """Packages of some of Debian's suites, unpacked into one folder without being installed."""

    def __init__(self, folder, suites):
        self.folder = folder
        self.root = folder / "root"
        self.suites = suites

    def apt(self, command, *arguments):
        lists = self.folder / "apt"
        (lists / "lists/partial").mkdir(parents=True, exist_ok=True)
        sources = lists / "sources.list"
        signed = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
        sources.write_text("".join(
            f"deb [{signed}] {MIRROR}/{' '.join(suite.split())} main\n" for suite in self.suites))
        options = [f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null", f"Dir::State::Lists={lists}/lists",
                   f"Dir::Cache={lists}/cache", "APT::Sandbox::User=root", "Acquire::Retries=2", "Acquire::Languages=none",
                   "APT::Update::Error-Mode=any"]
        try:
            done = subprocess.run([command] + [word for option in options for word in ("-o", option)] + list(arguments),
                                  capture_output=True, text=True, cwd=self.folder, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotFetch(str(error)) from None
        if done.returncode != 0:
            raise CannotFetch((done.stderr.strip() or done.stdout.strip()).splitlines()[0])
        return done.stdout

    def update(self):
        """Forgets what was unpacked, and fetches the lists."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.apt("apt-get", "-q", "update")

    def download(self, *names):
        self.apt("apt-get", "-q", "download", *names)
        for package in sorted(self.folder.glob("*.deb")):
            run("dpkg-deb", "-x", package, self.root)
            package.unlink()

    def unpack(self, *names):
        """Fetches and unpacks packages, unless that was done before."""
        complete = self.folder / "complete"
        if not complete.exists():
            self.update()
            self.download(*names)
            complete.touch()


class Kernel:
    """A kernel that was fetched, with its headers. Raises `CannotFetch`."""

    def __init__(self, version):
        self.version = version
        self.folder = CACHE / version
        self.packages = Packages(self.folder, SUITES[version])
        complete = self.folder / "complete"
        if not complete.exists():
            self._fetch()
            complete.touch()
        self.release = next(self.packages.root.glob("boot/vmlinuz-*")).name.removeprefix("vmlinuz-")

    def _fetch(self):
        packages = self.packages
        packages.update()
        about = packages.apt("apt-cache", "depends", "--important", "linux-headers-cloud-amd64")
        headers = re.search(rf"Depends: (linux-headers-{re.escape(self.version)}\.\S+)", about)
        if not headers:
            raise CannotFetch(f"{', '.join(packages.suites)} has no kernel {self.version}")
        about = packages.apt("apt-cache", "depends", "--important", headers[1])
        others = re.findall(r"Depends: (linux-(?:headers|kbuild)-\S+)", about)
        packages.download(headers[1], headers[1].replace("headers", "image"), *others)
        folder = packages.root / "usr/src" / headers[1]
        makefile = folder / "Makefile"
        makefile.write_text(makefile.read_text().replace("/usr/src", str(packages.root / "usr/src")))
        # Without it no type information is made for the module, which would need another program.
        (folder / "vmlinux").unlink(missing_ok=True)

    def build_module(self, sources, name):
        """A module whose sources and Makefile are in a folder, built against the kernel's headers."""
        place = self.folder / "module"
        shutil.copytree(sources, place, dirs_exist_ok=True)
        run("make", "-s", "-C", self.packages.root / f"usr/src/linux-headers-{self.release}", f"M={place}", "modules")
        return (place / f"{name}.ko").read_bytes()

    def module(self, path):
        """One of the kernel's own modules, which may be compressed."""
        plain = self.packages.root / f"lib/modules/{self.release}/kernel/{path}.ko"
        return plain.read_bytes() if plain.exists() else lzma.decompress(plain.with_suffix(".ko.xz").read_bytes())


class Machine:
    """A machine whose first file system is made from files. Its first process, /init, writes sections to the second serial
    line, each behind a line "== NAME", and last one that is called end; see Tests/KernelMachine/machine.h."""

    def __init__(self, kernel, name):
        self.kernel = kernel
        self.folder = kernel.folder / name
        self.disk = self.folder / "disk"
        self.output = self.folder / "output"

    def prepare(self, init):
        """Makes the file system anew, with the first process from its source."""
        shutil.rmtree(self.disk, ignore_errors=True)
        for folder in ["dev", "proc", "sys", "tmp", "usr/bin"]:
            (self.disk / folder).mkdir(parents=True)
        (self.disk / "bin").symlink_to("usr/bin")
        self.compile(init)

    def compile(self, source):
        """Builds a program of one file, which is called as the file is and needs no library."""
        options = ["-O1", "-Wall", "-Werror", "-static", "-pthread"]
        run("gcc", *options, "-o", self.disk / source.stem, source)

    def add(self, path, place=None):
        """Copies a file to where it is, or to `place`."""
        place = self.disk / str(place or path).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)

    def add_program(self, name, place=None, libraries=None):
        """Copies a program, and the libraries that its loader finds, those in the folder `libraries` first."""
        path = shutil.which(name) or fail(f"no {name}")
        self.add(path, place or f"usr/bin/{pathlib.Path(name).name}")
        self.add_libraries(path, libraries)

    def add_libraries(self, path, folder=None):
        environment = os.environ | ({"LD_LIBRARY_PATH": str(folder)} if folder else {})
        for library in re.findall(r"(/\S+) \(0x", run("ldd", path, env=environment)):
            if not library.startswith(f"{self.disk}/"):
                self.add(library, f"/lib/x86_64-linux-gnu/{pathlib.Path(library).name}" if folder else library)

    def boot(self, hardware, patience, parameters=""):
        """Runs on `hardware`, QEMU's arguments, with more `parameters` of the kernel, and for `patience` seconds at most."""
        names = "\n".join(str(path.relative_to(self.disk)) for path in sorted(self.disk.rglob("*")))
        archive = self.folder / "disk.cpio"
        with archive.open("wb") as file:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], input=names.encode(), cwd=self.disk, stdout=file,
                           check=True)
        self.output.unlink(missing_ok=True)
        console = self.folder / "console"
        command = [
            "qemu-system-x86_64", *hardware, "-no-reboot", "-nodefaults", "-display", "none",
            "-serial", f"file:{console}", "-serial", f"file:{self.output}",
            "-kernel", self.kernel.packages.root / f"boot/vmlinuz-{self.kernel.release}", "-initrd", archive,
            # Huge pages only where a program asks for them; no page is migrated by itself.
            "-append", f"console=ttyS0 panic=-1 quiet transparent_hugepage=madvise numa_balancing=disable {parameters}",
        ]
        try:
            subprocess.run(command, check=True, timeout=patience)
        except (OSError, subprocess.SubprocessError) as error:
            fail(f"{error}\n{console.read_text(errors='replace') if console.exists() else ''}")
        text = self.output.read_text(errors="replace")
        if not text.endswith("== end\n"):
            fail(f"the machine did not run to its end:\n{console.read_text(errors='replace')}")

    def sections(self):
        """The parts of what the machine wrote when it ran last, by name."""
        if not self.output.exists():
            fail(f"Linux {self.kernel.version} has not run here yet: leave --again out")
        parts = re.split(r"^== (.+)\n", self.output.read_text(errors="replace"), flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2]))
