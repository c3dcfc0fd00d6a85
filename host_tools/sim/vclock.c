/* Puts an unmodified MicroPython unix port on the simulator's clock.
 *
 * Preloaded, it answers the calls that tell or wait for time. A wait becomes one message to the simulator
 * ("nothing to do until T"); the answer is the new time, and comes when T is reached or when the simulator has
 * put something into one of the process's sockets. Between two waits the clock stands still: to the simulated
 * home, the device computes in no time at all, and the same inputs give the same run.
 *
 * INKMETER_VCLOCK names the inherited descriptor of a stream socket. Downwards it carries the time, a native int64 of
 * microseconds since 1970; upwards until when there is nothing to do (-1 for "until something arrives", -2 for "take
 * what I wrote, and let me go on"), and an int64 that says where the process has written since it said so last:
 * bit 0 for its standard output, bit 1 for the first descriptor that INKMETER_SOCKETS lists, and so on. So the simulator
 * need not look into each of them. INKMETER_SEED, a decimal number, seeds what the process takes for the system's random
 * numbers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WIRES 16
#define BUS 2 /* the second of INKMETER_SOCKETS, which blocks: the panel's bus, some octets at a time */
#define TAKE_IT -2
#define ROOM 32768 /* less than a pipe or a socket holds */

static int control = -1;
static int wires[WIRES] = {STDOUT_FILENO};
static int wire_count = 1;
static int64_t written;
static size_t unread; /* of the standard output */
static char bus[ROOM];
static size_t on_bus;
static struct pollfd looked_at[WIRES]; /* in vain, since the process was let go on */
static int empty;                      /* how many these are */
static int64_t now_us;
static uint64_t random_state;

static void wait_until(int64_t until_us) {
    int64_t message[2] = {until_us, written};
    if (on_bus && syscall(SYS_write, wires[BUS], bus, on_bus) != (long)on_bus) {
        _exit(3);
    }
    written = 0;
    unread = on_bus = 0;
    empty = 0;
    if (send(control, message, sizeof message, MSG_NOSIGNAL) != sizeof message ||
        recv(control, &now_us, sizeof now_us, MSG_WAITALL) != sizeof now_us) {
        _exit(3); /* the simulator is gone */
    }
}

static int wire(int fd) {
    for (int i = 0; control >= 0 && i < wire_count; i++) {
        if (wires[i] == fd) {
            return i;
        }
    }
    return -1;
}

ssize_t write(int fd, const void *data, size_t size) {
    int which = wire(fd == STDERR_FILENO ? STDOUT_FILENO : fd);
    if (which == BUS && size <= ROOM) {
        if (on_bus + size > ROOM) {
            wait_until(TAKE_IT);
        }
        memcpy(bus + on_bus, data, size);
        on_bus += size;
        written |= 1 << BUS;
        return size;
    }
    if (which == 0 && (unread += size) > ROOM) {
        wait_until(TAKE_IT);
    }
    if (which >= 0) {
        written |= 1 << which;
    }
    return syscall(SYS_write, fd, data, size);
}

/* The panel is asked, and answers at once. */
ssize_t read(int fd, void *data, size_t size) {
    if (wire(fd) == BUS) {
        wait_until(TAKE_IT);
    }
    return syscall(SYS_read, fd, data, size);
}

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("INKMETER_VCLOCK");
    if (name) {
        const char *seed = getenv("INKMETER_SEED");
        control = atoi(name);
        random_state = seed ? strtoull(seed, NULL, 10) : 0;
        for (const char *at = getenv("INKMETER_SOCKETS"); at && *at && wire_count < WIRES;) {
            char *end;
            wires[wire_count++] = strtol(at, &end, 10);
            at = *end ? end + 1 : end;
        }
        unsetenv("LD_PRELOAD");
        wait_until(0);
    }
}

/* asyncio looks after each step of a task. Nothing comes in while the process runs: what had nothing has nothing. */
static int poll_now(struct pollfd *fds, nfds_t count) {
    struct timespec zero = {0, 0};
    if (empty > 0 && count == (nfds_t)empty) {
        nfds_t i = 0;
        while (i < count && fds[i].fd == looked_at[i].fd && fds[i].events == looked_at[i].events) {
            fds[i++].revents = 0;
        }
        if (i == count) {
            return 0;
        }
    }
    int ready = syscall(SYS_ppoll, fds, count, &zero, NULL, 0);
    empty = 0;
    if (ready == 0 && count <= WIRES) {
        memcpy(looked_at, fds, count * sizeof *fds);
        empty = (int)count;
    }
    return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    if (control < 0) {
        struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
        return syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &limit, NULL, 0);
    }
    int64_t until = timeout_ms < 0 ? -1 : now_us + (int64_t)timeout_ms * 1000;
    for (;;) {
        int ready = poll_now(fds, count);
        if (ready != 0 || timeout_ms == 0 || (until >= 0 && now_us >= until)) {
            return ready;
        }
        wait_until(until);
    }
}

static void pause_us(int64_t us) {
    for (int64_t until = now_us + us; now_us < until;) {
        wait_until(until);
    }
}

int usleep(useconds_t us) {
    if (control < 0) {
        struct timespec span = {us / 1000000, us % 1000000 * 1000L};
        return nanosleep(&span, NULL);
    }
    pause_us(us);
    return 0;
}

/* MicroPython's unix port calls select only to sleep. */
int select(int count, fd_set *reads, fd_set *writes, fd_set *errors, struct timeval *limit) {
    if (control < 0) {
        struct timespec span = {0, 0};
        if (limit) {
            span.tv_sec = limit->tv_sec;
            span.tv_nsec = limit->tv_usec * 1000L;
        }
        return pselect(count, reads, writes, errors, limit ? &span : NULL, NULL);
    }
    if (count != 0 || !limit) {
        errno = ENOSYS;
        return -1;
    }
    pause_us((int64_t)limit->tv_sec * 1000000 + limit->tv_usec);
    return 0;
}

int clock_gettime(clockid_t id, struct timespec *out) {
    if (control < 0) {
        return syscall(SYS_clock_gettime, id, out);
    }
    out->tv_sec = now_us / 1000000;
    out->tv_nsec = now_us % 1000000 * 1000;
    return 0;
}

int gettimeofday(struct timeval *out, void *zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

clock_t clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (clock_t)(now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags) {
    if (control < 0) {
        return syscall(SYS_getrandom, buffer, size, flags);
    }
    for (size_t i = 0; i < size; i++) { /* splitmix64 */
        uint64_t z = random_state += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        ((uint8_t *)buffer)[i] = (uint8_t)(z ^ (z >> 31));
    }
    return (ssize_t)size;
}
