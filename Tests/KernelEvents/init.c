// The first process of the machine that Scripts/check-kernel-events boots: it loads the modules, has strace record the
// programs that /programs names, and writes each recording, and the module's log, to the second serial line.
//
// `init follow PROGRAM ARGUMENTS...` has the module follow this process, and becomes the program.
#include "../KernelMachine/machine.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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

// Writes a section: its name, and a file's contents.
static void copy(int line, const char *name, const char *path) {
    static char buffer[1 << 16];
    dprintf(line, "== %s\n", name);
    int file = open(path, O_RDONLY);
    require(file >= 0, path);
    ssize_t size;
    while ((size = read(file, buffer, sizeof buffer)) > 0)
        for (ssize_t done = 0; done < size;) {
            ssize_t written = write(line, buffer + done, size - done);
            require(written > 0, "serial line");
            done += written;
        }
    close(file);
}

static void writeToLog(const char *text) {
    int log = open("/dev/notifier_log", O_WRONLY);
    require(log >= 0 && write(log, text, strlen(text)) == (ssize_t)strlen(text), "/dev/notifier_log");
    close(log);
}

static int follow(char **command) {
    char number[16];
    snprintf(number, sizeof number, "%d", getpid());
    writeToLog(number);
    execvp(command[0], command);
    return 127;
}

// Records what a line of /programs says: a name, and a command without quotes.
static void record(char *line, const char *recording) {
    enum { most = 32 };
    char *command[most] = {"strace", "-f", "-ttt", "-e",
                           "trace=%memory,clone,clone3,fork,vfork,exit_group,shmget,write", "-o", (char *)recording,
                           "/init", "follow"};
    int count = 9;
    char *name = strtok(line, " ");
    for (char *word; count < most - 1 && (word = strtok(0, " "));) command[count++] = word;
    char mark[80];
    snprintf(mark, sizeof mark, "# program %s\n", name);
    writeToLog(mark);
    pid_t child = fork();
    if (child == 0) {
        execv("/usr/bin/strace", command);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, name);
}

int main(int count, char **arguments) {
    if (count > 2 && strcmp(arguments[1], "follow") == 0) return follow(arguments + 2);
    mountKernelFiles();
    setenv("PATH", "/usr/bin:/bin", 1);
    load("/notifier_log.ko", "mebibytes=64");
    load("/brd.ko", "rd_nr=2 rd_size=65536");
    useSwap("/dev/ram0", 16384);
    int line = openLine();
    FILE *programs = fopen("/programs", "r");
    require(programs != 0, "/programs");
    static char text[4096], name[80];
    while (fgets(text, sizeof text, programs)) {
        text[strcspn(text, "\n")] = 0;
        snprintf(name, sizeof name, "recording %.*s", (int)strcspn(text, " "), text);
        record(text, "/recording");
        copy(line, name, "/recording");
    }
    if (access("/maps", R_OK) == 0) copy(line, "maps", "/maps");
    copy(line, "log", "/dev/notifier_log");
    copy(line, "counts", "/sys/module/notifier_log/parameters/counts");
    copy(line, "lost", "/sys/module/notifier_log/parameters/lost");
    // The module can go while a process is followed, this one; and what that does next is fine.
    writeToLog("1");
    require(syscall(SYS_delete_module, "notifier_log", 0) == 0, "delete_module");
    munmap(mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0), 1 << 20);
    endMachine(line);
}
