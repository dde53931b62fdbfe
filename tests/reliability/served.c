// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a program by processes.py. Its libraries are loaded once; then, instead of main, a loop takes requests from the socket
// whose descriptor is in SECATEUR_SERVED, and main runs in a child for each: a trial takes milliseconds, and all of them are main's.
//
// A request is one message of fields that end with a zero: the system calls to watch (names with commas between, or nothing), the folder to
// be in, the files of stdout and stderr, the user id or nothing, limits as "resource=value" with commas between, then the arguments.
// Answers are the child's descriptors (the process; where calls are watched, the seccomp listener through which every one of them is let
// through or failed, see seccomp_unotify(2)), and, once the process is over and a byte came back, its status.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    int number;
} kCalls[] = {
// clang-format off
#define CALL(name) {#name, SYS_##name}
// clang-format on
#ifdef SYS_open // the older forms, which newer processors do not have
    CALL(open),      CALL(creat),     CALL(stat),      CALL(lstat),      CALL(access),    CALL(rename),          CALL(mkdir),
    CALL(rmdir),     CALL(unlink),    CALL(symlink),   CALL(link),       CALL(readlink),  CALL(chmod),
#endif
    CALL(openat),    CALL(read),      CALL(pread64),   CALL(readv),      CALL(write),     CALL(pwrite64),        CALL(writev),
    CALL(fsync),     CALL(fdatasync),
#ifdef SYS_renameat
    CALL(renameat),
#endif
    CALL(renameat2), CALL(mkdirat),   CALL(unlinkat),  CALL(symlinkat),  CALL(linkat),    CALL(readlinkat),      CALL(mmap),
    CALL(ftruncate), CALL(truncate),  CALL(fallocate), CALL(close),      CALL(flock),     CALL(fstat),           CALL(newfstatat),
    CALL(statx),     CALL(faccessat), CALL(getcwd),    CALL(getdents64), CALL(sendfile),  CALL(copy_file_range), CALL(lseek),
    CALL(statfs),    CALL(fstatfs),   CALL(fchmod),    CALL(fchmodat),   CALL(utimensat), CALL(clone),
#ifdef SYS_clone3
    CALL(clone3),
#endif
};
enum { kCallCount = sizeof kCalls / sizeof *kCalls, kLargestRequest = 1 << 16 };

static int (*realMain)(int, char **, char **);
static char request[kLargestRequest];

static void give(int socket, const int *descriptors, int count)
{
    char byte = 0, space[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    if (sendmsg(socket, &message, 0) != 1)
        _exit(97);
}

/// From here on each of these calls waits for a word through the descriptor that is returned; "mmap" means maps of files, "memory" others.
static int watch(char *names)
{
    struct sock_filter program[2 * kCallCount + 16];
    unsigned short length = 0;
#define DO(...) program[length++] = (struct sock_filter)__VA_ARGS__
    DO(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ","))
        for (int i = 0; i < kCallCount; ++i)
            if (kCalls[i].number == SYS_mmap ? (!strcmp(name, "mmap") || !strcmp(name, "memory")) : !strcmp(name, kCalls[i].name)) {
                if (kCalls[i].number == SYS_mmap) { // the descriptor is -1 where no file is mapped
                    DO(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4));
                    DO(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])));
                    DO(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffffU, !strcmp(name, "mmap"), !strcmp(name, "memory")));
                    DO(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
                    DO(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
                } else {
                    DO(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)kCalls[i].number, 0, 1));
                    DO(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
                }
            }
    DO(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const struct sock_fprog filter = {length, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    // A call that waits is not broken off by signals that do not kill (flag of Linux 5.19).
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | (1 << 5), &filter);
    if (listener < 0)
        listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    return listener;
}

static void putAt(const char *file, int descriptor)
{
    const int opened = open(file, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (opened < 0 || dup2(opened, descriptor) < 0)
        _exit(98);
    close(opened);
}

static int begin(int socket, ssize_t size)
{
    char *fields[256];
    int count = 0;
    for (char *field = request; field < request + size && count < 255; field += strlen(field) + 1)
        fields[count++] = field;
    fields[count] = NULL;
    char *calls = fields[0], *folder = fields[1], *out = fields[2], *err = fields[3], *user = fields[4], *limits = fields[5];
    if (chdir(folder) != 0)
        _exit(98);
    putAt(out, 1);
    putAt(err, 2);
    if (*user && (setgid((gid_t)atoi(user)) != 0 || setuid((uid_t)atoi(user)) != 0))
        _exit(98);
    for (char *limit = strtok(limits, ","); limit; limit = strtok(NULL, ",")) {
        const rlim_t value = strtoull(strchr(limit, '=') + 1, NULL, 10);
        if (setrlimit((unsigned)atoi(limit), &(struct rlimit){value, value}) != 0)
            _exit(98);
    }
    int given[2] = {(int)syscall(SYS_pidfd_open, getpid(), 0), -1}, number = 1;
    if (*calls && (given[number++] = watch(calls)) < 0)
        number = 1;
    give(socket, given, number);
    for (int i = 0; i < number; ++i)
        syscall(SYS_close, given[i]);
    syscall(SYS_close, socket);
    return realMain(count - 6, fields + 6, environ);
}

static int serve(int argc, char **argv, char **environment)
{
    const char *number = getenv("SECATEUR_SERVED");
    if (!number)
        return realMain(argc, argv, environment);
    const int socket = atoi(number);
    unsetenv("SECATEUR_SERVED");
    unsetenv("LD_PRELOAD");
    char names[4096];
    int length = 0;
    for (int i = 0; i < kCallCount; ++i)
        length += snprintf(names + length, sizeof names - length, "%s=%d ", kCalls[i].name, kCalls[i].number);
    if (send(socket, names, length, 0) < 0)
        return 97;
    for (ssize_t size; (size = recv(socket, request, sizeof request, 0)) > 0;) {
        const pid_t child = fork();
        if (child == 0)
            return begin(socket, size);
        int status = 0;
        char byte;
        if (child < 0 || recv(socket, &byte, 1, 0) != 1) // it can be signalled until then, so it is not reaped before
            _exit(97);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        send(socket, &status, sizeof status, 0);
    }
    _exit(0);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loaderFini)(void), void *stack)
{
    int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    realMain = main;
    return start(serve, argc, argv, init, fini, loaderFini, stack);
}
