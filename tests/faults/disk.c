// A disk and a clock that do what a test tells them: a library to preload into the server (see disk.py).
//
// It stands between the process and libc. Calls that change files below one folder are counted, and the test says, in a
// control block that both map, what happens to the n-th of them: it fails, writes only half, or is where the process
// dies. Everything else is passed on.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, SYNC, RENAME, TRUNCATE, CREATE, REMOVE, FOLDER, READ };
enum action { PASS, FAIL, SHORT, KILL, TEAR, FULL, CUT };

#define LOGGED 16384
#define NAME_BYTES 60

// disk.py has the same fields.
struct control {
    uint32_t kinds;  // One bit for each kind that is counted.
    uint32_t action; // What happens to the calls first..=last.
    uint32_t error;
    uint32_t forgetful; // Whether to remember what a power cut would lose.
    uint64_t first;
    uint64_t last;
    uint64_t end;     // The call at which the process dies, whatever else happens; 0 for none.
    int64_t clock_ns; // Added to the time of day.
    char folder[256];
    char part[64];    // Only paths that contain it are counted.
    char lost[64];    // A power cut loses writes to paths that contain it.
    _Atomic uint64_t count;
    _Atomic uint64_t fired;
    struct {
        uint32_t kind;
        char name[NAME_BYTES];
    } log[LOGGED];
};

static struct control *control;
// The descriptor whose next write fails, after a short one; -1 for none.
static _Atomic int half_written = -1;

__attribute__((constructor)) static void map_control(void) {
    const char *path = getenv("DISK_CONTROL");
    int file = path ? open64(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        control = mapped;
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

static int path_of(int file, char path[4096]) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, 4095);
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

// What was done to files and not made durable yet, the newest first.
struct undo {
    struct undo *older;
    enum { WRITTEN, CREATED, RENAMED } what;
    char path[512];
    char from[512]; // Where a renamed file was.
    int64_t offset, size, kept;
    unsigned char bytes[];
};

static struct undo *undos;
static pthread_mutex_t undos_lock = PTHREAD_MUTEX_INITIALIZER;

static int is_remembered(const char *path) {
    return control && control->forgetful && strncmp(path, control->folder, strlen(control->folder)) == 0 &&
           !strstr(path, "-shm");
}

static void remember(struct undo *undo) {
    pthread_mutex_lock(&undos_lock);
    undo->older = undos;
    undos = undo;
    pthread_mutex_unlock(&undos_lock);
}

static void remember_name(int what, const char *path, const char *from) {
    if (!is_remembered(path))
        return;
    struct undo *undo = calloc(1, sizeof *undo);
    undo->what = what;
    snprintf(undo->path, sizeof undo->path, "%s", path);
    snprintf(undo->from, sizeof undo->from, "%s", from);
    remember(undo);
}

// Remembers what a write, or a cut, of a file at `offset` is about to overwrite.
static void remember_bytes(int file, int64_t offset, int64_t count) {
    char path[4096];
    struct stat64 found;
    if (!path_of(file, path) || !is_remembered(path) || fstat64(file, &found) != 0)
        return;
    int64_t kept = offset >= found.st_size ? 0 : found.st_size - offset < count ? found.st_size - offset : count;
    struct undo *undo = calloc(1, sizeof *undo + (size_t)kept);
    undo->what = WRITTEN;
    snprintf(undo->path, sizeof undo->path, "%.511s", path);
    undo->offset = offset;
    undo->size = found.st_size;
    // A file that is only open for writing is read through another descriptor.
    int readable = REAL(open64)(path, O_RDONLY | O_CLOEXEC);
    undo->kept = readable < 0 ? 0 : REAL(pread64)(readable, undo->bytes, (size_t)kept, offset);
    close(readable);
    remember(undo);
}

static int is_in(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/' && !strchr(path + length + 1, '/');
}

// Forgets what the sync of a file, or of a folder, made durable.
static void settle(int file) {
    char path[4096];
    if (!control || !control->forgetful || !path_of(file, path))
        return;
    pthread_mutex_lock(&undos_lock);
    for (struct undo **at = &undos; *at;) {
        struct undo *undo = *at;
        if (undo->what == WRITTEN ? strcmp(undo->path, path) == 0 : is_in(undo->path, path)) {
            *at = undo->older;
            free(undo);
        } else {
            at = &undo->older;
        }
    }
    pthread_mutex_unlock(&undos_lock);
}

// What was written to a file and not synced goes with its new name.
static void move_undos(const char *from, const char *to) {
    pthread_mutex_lock(&undos_lock);
    for (struct undo *undo = undos; undo; undo = undo->older)
        if (undo->what == WRITTEN && strcmp(undo->path, from) == 0)
            snprintf(undo->path, sizeof undo->path, "%s", to);
    pthread_mutex_unlock(&undos_lock);
}

// Undoes all that is not durable, and dies.
static void cut_power(void) {
    pthread_mutex_lock(&undos_lock);
    for (struct undo *undo = undos; undo; undo = undo->older) {
        if (!strstr(undo->path, control->lost))
            continue;
        if (undo->what == CREATED) {
            REAL(unlink)(undo->path);
        } else if (undo->what == RENAMED) {
            REAL(rename)(undo->path, undo->from);
        } else {
            int file = REAL(open64)(undo->path, O_WRONLY | O_CLOEXEC);
            if (file < 0)
                continue;
            if (REAL(pwrite64)(file, undo->bytes, (size_t)undo->kept, undo->offset) < 0)
                abort();
            if (REAL(ftruncate64)(file, undo->size) != 0)
                abort();
            close(file);
        }
    }
    die();
}

// Returns what happens to a call on a file; it passes unless the file is one of those and the call one of those.
static enum action meet(enum kind kind, const char *path) {
    if (!control || !(control->kinds & 1u << kind))
        return PASS;
    size_t length = strlen(control->folder);
    if (strncmp(path, control->folder, length) != 0 || !strstr(path, control->part))
        return PASS;
    uint64_t number = atomic_fetch_add(&control->count, 1) + 1;
    if (number <= LOGGED) {
        control->log[number - 1].kind = kind;
        snprintf(control->log[number - 1].name, NAME_BYTES, "%s", path + length);
    }
    if (number == control->end)
        die();
    if (control->action == PASS || number < control->first || number > control->last)
        return PASS;
    atomic_fetch_add(&control->fired, 1);
    if (control->action == KILL)
        die();
    if (control->action == CUT)
        cut_power();
    return control->action;
}

static enum action meet_file(enum kind kind, int file) {
    char path[4096];
    return control && path_of(file, path) ? meet(kind, path) : PASS;
}

static int fail(void) {
    errno = control->error;
    return -1;
}

// Returns how many of `count` bytes at `offset` are to be written; -1 if the write fails.
static ssize_t allowed(int file, size_t count, off64_t offset) {
    int half = file;
    if (control && atomic_compare_exchange_strong(&half_written, &half, -1))
        return fail();
    struct stat64 found;
    switch (meet_file(WRITE, file)) {
    case FAIL:
        return fail();
    case SHORT:
        atomic_store(&half_written, file);
        return count / 2 ? (ssize_t)(count / 2) : fail();
    case TEAR:
        return count / 2 ? (ssize_t)(count / 2) : (die(), -1);
    case FULL:
        // What is there can be written over; nothing can be added.
        if (fstat64(file, &found) != 0 || offset >= found.st_size)
            return fail();
        return offset + (off64_t)count <= found.st_size ? (ssize_t)count : (ssize_t)(found.st_size - offset);
    default:
        return (ssize_t)count;
    }
}

static ssize_t written(ssize_t result) {
    if (control && control->action == TEAR && atomic_load(&control->fired))
        die();
    return result;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    ssize_t part = allowed(file, count, offset);
    if (part < 0)
        return part;
    if (control && control->forgetful)
        remember_bytes(file, offset, part);
    return written(REAL(pwrite64)(file, bytes, (size_t)part, offset));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
    off64_t offset = control ? lseek64(file, 0, SEEK_CUR) : 0;
    ssize_t part = allowed(file, count, offset);
    if (part < 0)
        return part;
    if (control && control->forgetful)
        remember_bytes(file, offset, part);
    return written(REAL(write)(file, bytes, (size_t)part));
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    // Only sockets and the log are written so; neither is below the folder.
    return meet_file(WRITE, file) == FAIL ? fail() : REAL(writev)(file, parts, count);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    return meet_file(READ, file) == FAIL ? fail() : REAL(pread64)(file, bytes, count, offset);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    return pread64(file, bytes, count, offset);
}

// A call that only succeeds or fails; on a full disk those fail that need space.
static int refuses(enum action action, int needs_space) {
    if (action == TEAR)
        die();
    return action == FAIL || action == SHORT || (action == FULL && needs_space);
}

int fsync(int file) {
    if (refuses(meet_file(SYNC, file), 0))
        return fail();
    int result = REAL(fsync)(file);
    if (result == 0)
        settle(file);
    return result;
}

int fdatasync(int file) {
    if (refuses(meet_file(SYNC, file), 0))
        return fail();
    int result = REAL(fdatasync)(file);
    if (result == 0)
        settle(file);
    return result;
}

int ftruncate64(int file, off64_t length) {
    if (refuses(meet_file(TRUNCATE, file), 0))
        return fail();
    if (control && control->forgetful)
        remember_bytes(file, length, INT64_MAX);
    return REAL(ftruncate64)(file, length);
}

int ftruncate(int file, off_t length) {
    return ftruncate64(file, length);
}

int rename(const char *from, const char *to) {
    if (refuses(meet(RENAME, to), 1))
        return fail();
    int result = REAL(rename)(from, to);
    if (result == 0) {
        move_undos(from, to);
        remember_name(RENAMED, to, from);
    }
    return result;
}

int unlink(const char *path) {
    return refuses(meet(REMOVE, path), 0) ? fail() : REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
    return refuses(meet(FOLDER, path), 1) ? fail() : REAL(mkdir)(path, mode);
}

// Says whether opening `path` makes a file, and may not.
static int may_not_make(const char *path, int flags) {
    if (!control || !(flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
        return 0;
    struct stat64 found;
    if (stat64(path, &found) == 0)
        return 0;
    if (refuses(meet(CREATE, path), 1))
        return 1;
    // It will be made now, or opening it fails and undoing does nothing.
    remember_name(CREATED, path, "");
    return 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        return may_not_make(path, flags) ? fail() : REAL(name)(path, flags, mode);                                     \
    }

OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int folder, const char *path, int flags, ...) {                                                           \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        return may_not_make(path, flags) ? fail() : REAL(name)(folder, path, flags, mode);                             \
    }

OPENAT(openat)
OPENAT(openat64)

static void shift(struct timespec *time) {
    int64_t ns = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + control->clock_ns;
    // Rounded down, also before 1970.
    time->tv_nsec = (ns % 1000000000 + 1000000000) % 1000000000;
    time->tv_sec = (ns - time->tv_nsec) / 1000000000;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (result == 0 && control && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        shift(time);
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
