// What the first processes of the machines that Scripts/kernel_machine.py boots have in common. One includes it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

// Ends the machine, with a line on the console, where something is not fine.
static void require(int isFine, const char *what) {
    if (isFine) return;
    printf("init: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT);
}

static void mountKernelFiles(void) {
    mount("proc", "/proc", "proc", 0, 0);
    mount("sysfs", "/sys", "sysfs", 0, 0);
    mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
    mkdir("/dev/shm", 0777);
    mount("tmpfs", "/dev/shm", "tmpfs", 0, 0);
}

// The second serial line, which takes sections as they are.
static int openLine(void) {
    int line = open("/dev/ttyS1", O_WRONLY | O_CLOEXEC);
    require(line >= 0, "/dev/ttyS1");
    struct termios raw;
    tcgetattr(line, &raw);
    cfmakeraw(&raw);
    tcsetattr(line, TCSANOW, &raw);
    return line;
}

// Writes the last section, and ends the machine.
static void endMachine(int line) {
    dprintf(line, "== end\n");
    tcdrain(line);
    reboot(RB_AUTOBOOT);
}
