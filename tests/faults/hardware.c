/* A disk and a clock that fail on cue, for the programs that load this with LD_PRELOAD.
 *
 * FAULTS_FOLDER   the folder whose files are on the disk
 * FAULTS_CONTROL  a file of three 64-bit integers that is read at every call: see struct control
 * FAULTS_DURABLE  a folder that gets a copy of each file as it was when it was last synchronised,
 *                 which is all that a power cut leaves at least
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int64_t sync_microseconds; /* how long the disk takes longer to synchronise */
    volatile int64_t write_error;       /* the errno of every write, 0 for none */
    volatile int64_t clock_seconds;     /* how far the clock is ahead */
};

static const struct control none;
static const struct control *control = &none;
static const char *folder, *durable;

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULTS_CONTROL");
    int descriptor = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    folder = getenv("FAULTS_FOLDER");
    durable = getenv("FAULTS_DURABLE");
    if (descriptor < 0) return;
    void *page = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, descriptor, 0);
    if (page != MAP_FAILED) control = page;
    close(descriptor);
}

/* The name of a file of the disk below its folder, or NULL for any other file. */
static const char *name_on_disk(int descriptor, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0 || !folder) return NULL;
    path[length] = 0;
    size_t prefix = strlen(folder);
    int is_below = !strncmp(path, folder, prefix) && path[prefix] == '/';
    return is_below ? path + prefix + 1 : NULL;
}

/* One at a time, so that an older state never replaces a newer one. */
static void copy_to_durable(int from, const char *name) {
    char path[PATH_MAX], chunk[65536];
    struct stat status;
    off_t at = 0;
    ssize_t got;
    snprintf(path, sizeof path, "%s/%s", durable, name);
    int to = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (to < 0 || flock(to, LOCK_EX) || fstat(from, &status)) abort();
    while ((got = syscall(SYS_pread64, from, chunk, sizeof chunk, at)) > 0) {
        if (syscall(SYS_pwrite64, to, chunk, got, at) != got) abort();
        at += got;
    }
    if (ftruncate(to, status.st_size)) abort();
    close(to);
}

static int synchronise(int descriptor, long call) {
    char path[PATH_MAX];
    const char *name = name_on_disk(descriptor, path);
    if (name && control->sync_microseconds) usleep(control->sync_microseconds);
    int failed = syscall(call, descriptor);
    struct stat status;
    int is_file = name && !fstat(descriptor, &status) && S_ISREG(status.st_mode);
    if (!failed && is_file && durable && !strchr(name, '/')) copy_to_durable(descriptor, name);
    return failed;
}

int fsync(int descriptor) { return synchronise(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return synchronise(descriptor, SYS_fdatasync); }

static int write_fails(int descriptor) {
    char path[PATH_MAX];
    if (!control->write_error || !name_on_disk(descriptor, path)) return 0;
    errno = (int)control->write_error;
    return 1;
}

ssize_t write(int descriptor, const void *from, size_t length) {
    return write_fails(descriptor) ? -1 : syscall(SYS_write, descriptor, from, length);
}
ssize_t pwrite64(int descriptor, const void *from, size_t length, off64_t at) {
    return write_fails(descriptor) ? -1 : syscall(SYS_pwrite64, descriptor, from, length, at);
}
ssize_t pwrite(int descriptor, const void *from, size_t length, off_t at) {
    return pwrite64(descriptor, from, length, at);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (!failed && is_wall) now->tv_sec += control->clock_seconds;
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int failed = syscall(SYS_gettimeofday, now, zone);
    if (!failed) now->tv_sec += control->clock_seconds;
    return failed;
}
time_t time(time_t *now) {
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    if (now) *now = wall.tv_sec;
    return wall.tv_sec;
}
