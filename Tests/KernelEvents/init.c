// The first process of the machine that Scripts/check-kernel-events boots: it loads the modules, has strace record
// /operations, and writes the recording and the module's log to the second serial line.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void require(int isFine, const char *what) {
    if (isFine) return;
    printf("init: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT);
}

static void load(const char *path, const char *parameters) {
    int module = open(path, O_RDONLY);
    require(module >= 0, path);
    require(syscall(SYS_finit_module, module, parameters, 0) == 0, path);
    close(module);
}

// A swap area on a disk of memory: reclaim has somewhere to put anonymous pages.
static void useSwap(const char *disk, unsigned pages) {
    static struct {
        char boot[1024];
        unsigned version, lastPage, badPages;
        char rest[4096 - 1024 - 12 - 10];
        char magic[10];
    } __attribute__((packed)) header = {.version = 1};
    header.lastPage = pages - 1;
    memcpy(header.magic, "SWAPSPACE2", 10);
    int file = open(disk, O_RDWR);
    require(file >= 0 && write(file, &header, sizeof header) == sizeof header, disk);
    close(file);
    require(swapon(disk, 0) == 0, "swapon");
}

static void copy(const char *from, int to) {
    static char buffer[1 << 16];
    int file = open(from, O_RDONLY);
    require(file >= 0, from);
    ssize_t size;
    while ((size = read(file, buffer, sizeof buffer)) > 0)
        for (ssize_t done = 0; done < size;) {
            ssize_t written = write(to, buffer + done, size - done);
            require(written > 0, "serial line");
            done += written;
        }
    close(file);
}

int main(void) {
    mount("proc", "/proc", "proc", 0, 0);
    mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
    mkdir("/dev/shm", 0777);
    mount("tmpfs", "/dev/shm", "tmpfs", 0, 0);
    load("/notifier_log.ko", "");
    load("/brd.ko", "rd_nr=1 rd_size=65536");
    useSwap("/dev/ram0", 16384);
    pid_t child = fork();
    if (child == 0) {
        execl("/usr/bin/strace", "strace", "-f", "-ttt", "-e",
              "trace=%memory,clone,clone3,fork,vfork,exit_group,shmget,ioctl", "-o", "/recording", "/operations", (char *)0);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "strace or /operations failed");
    int line = open("/dev/ttyS1", O_WRONLY);
    require(line >= 0, "/dev/ttyS1");
    struct termios raw;
    tcgetattr(line, &raw);
    cfmakeraw(&raw);
    tcsetattr(line, TCSANOW, &raw);
    dprintf(line, "== maps\n");
    copy("/maps", line);
    dprintf(line, "== recording\n");
    copy("/recording", line);
    dprintf(line, "== log\n");
    copy("/dev/notifier_log", line);
    dprintf(line, "== end\n");
    tcdrain(line);
    reboot(RB_AUTOBOOT);
}
