/* A power cut for tests, as a library for LD_PRELOAD.
 *
 * After kill -9 the kernel still holds every byte that was written, synced or not, so a plain kill shows nothing about
 * fsync. This library keeps, for every regular file below $SHIM_DIR, a copy of the file as it was at its last fsync or
 * fdatasync, in $SHIM_COPIES. After the kill the test puts those copies in the place of the files (lost_writes.rs): what
 * was written and not synced is gone, as it would be after a power cut that came before any write-back.
 *
 * What it models: file contents. Names are taken as durable at once (a rename or unlink is not undone), so it does not
 * show a missing fsync of a folder. It sees calls that go through libc (SQLite, Rust's std); a raw system call is not seen,
 * and its file then counts as never synced, which makes a test fail, not pass. The disk itself is not asked to sync:
 * the tests kill a process, not the machine.
 *
 * A copy is written beside and renamed into place, so that a kill in the middle leaves the one before it. Its name is the
 * inode and the time the inode was made, so that renames keep it and a new file on an old inode does not inherit it.
 * A lock on the folder of copies puts syncs of all threads and processes in a row, so that no older copy comes last.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int below_shim_dir(int fd) {
    const char *dir = getenv("SHIM_DIR");
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!dir || length < 0) return 0;
    path[length] = 0;
    size_t prefix = strlen(dir);
    return strncmp(path, dir, prefix) == 0 && path[prefix] == '/';
}

static int copy_bytes(int from, int to) {
    static _Thread_local char buffer[1 << 16];
    off_t at = 0;
    for (;;) {
        ssize_t got = pread(from, buffer, sizeof buffer, at);
        if (got == 0) return 0;
        if (got < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, buffer + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR) return -1;
            if (put > 0) done += put;
        }
        at += got;
    }
}

/* A copy that cannot be made is a broken test, not a failed sync: say so and stop. */
static void give_up(const char *what) {
    perror(what);
    abort();
}

static int sync_to_copy(int fd) {
    struct statx file;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &file) < 0) return -1;
    if (!S_ISREG(file.stx_mode) || !below_shim_dir(fd)) return 0;
    const char *copies = getenv("SHIM_COPIES");
    if (!copies) give_up("lost_writes: SHIM_COPIES is not set");

    char path[PATH_MAX], temporary[PATH_MAX], copy[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%s/.unfinished", copies);
    snprintf(copy, sizeof copy, "%s/%llu-%lld-%u", copies, (unsigned long long)file.stx_ino,
             (long long)file.stx_btime.tv_sec, file.stx_btime.tv_nsec);

    int lock = open(copies, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (lock >= 0 && flock(lock, LOCK_EX) < 0 && errno == EINTR) {}
    /* The caller's own descriptor where it can read: closing another one of the same file would drop the caller's POSIX
     * locks, which SQLite lives by. A write-only descriptor is a plain file without such locks. */
    int write_only = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int from = write_only ? open(path, O_RDONLY | O_CLOEXEC) : fd;
    int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (lock < 0 || from < 0 || to < 0 || copy_bytes(from, to) < 0) give_up("lost_writes: cannot copy a synced file");
    if (rename(temporary, copy) < 0) give_up("lost_writes: cannot keep the copy of a synced file");
    if (write_only) close(from);
    close(to);
    close(lock);
    return 0;
}

int fsync(int fd) { return sync_to_copy(fd); }
int fdatasync(int fd) { return sync_to_copy(fd); }
