/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into secateur-cli by `attack`: the program is loaded and linked once (which takes longer than anything that is done with a tiny
 * model), and each run is a fork of that process just before main. Most end without the destructors of the libraries, which would take most
 * of their time then; every 16th goes the whole way.
 *
 * Requests come on descriptor 100, each a 32-bit length and so many bytes of texts that end in 0: folder, file for stdout, file for stderr,
 * arguments. Answers go to descriptor 101, 64-bit numbers: the process id at once; then the status of wait, microseconds of processor time,
 * the largest resident size in KiB. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUESTS = 100, ANSWERS = 101, LARGEST = 1 << 16, MOST_ARGUMENTS = 256, WITH_EXIT = 16 };

typedef int Main(int, char **, char **);
static Main *program;

static int is_read(void *to, size_t bytes)
{
    for (char *at = to; bytes > 0;) {
        const ssize_t count = read(REQUESTS, at, bytes);
        if (count <= 0)
            return 0;
        at += count;
        bytes -= (size_t)count;
    }
    return 1;
}

static void answer(int64_t number)
{
    if (write(ANSWERS, &number, sizeof number) != sizeof number)
        _exit(1);
}

static void open_as(int descriptor, const char *file)
{
    const int opened = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (opened < 0 || dup2(opened, descriptor) < 0)
        _exit(127);
    close(opened);
}

static int serve(int count, char **arguments, char **environment)
{
    static char request[LARGEST];
    char *texts[MOST_ARGUMENTS];
    (void)count;
    unsetenv("LD_PRELOAD");
    for (uint32_t size, runs = 0; is_read(&size, sizeof size) && size <= LARGEST && is_read(request, size); ++runs) {
        int found = 0;
        for (char *at = request; at < request + size && found < MOST_ARGUMENTS - 1; at += strlen(at) + 1)
            texts[found++] = at;
        texts[found] = NULL;
        const pid_t child = fork();
        if (child == 0) {
            close(REQUESTS);
            close(ANSWERS);
            if (chdir(texts[0]) != 0)
                _exit(127);
            open_as(STDOUT_FILENO, texts[1]);
            open_as(STDERR_FILENO, texts[2]);
            texts[2] = arguments[0];
            const int code = program(found - 2, texts + 2, environment);
            if (runs % WITH_EXIT == 0)
                exit(code);
            fflush(NULL);
            _exit(code);
        }
        answer(child);
        int status = 0;
        struct rusage used;
        wait4(child, &status, 0, &used);
        answer(status);
        answer((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
        answer(used.ru_maxrss);
    }
    return 0;
}

/* glibc's, which crt1 calls with the program's main. */
int __libc_start_main(Main *main, int count, char **arguments, void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack)
{
    typedef int Start(Main *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    Start *start;
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    program = main;
    return start(serve, count, arguments, init, fini, rtld_fini, stack);
}
