/* A clock for one process, preloaded: while every thread waits, time runs fast; while one works, it runs as it does.

   The process reads its clocks, sleeps and waits by this time.  It never passes the moment for which some thread waits, so
   a machine that is slow to wake a thread costs real time and no simulated time.  What another process holds (`hold`: a
   server owes an answer) takes real time, too.  The wall clock has an offset that others may change: a clock that is set,
   a suspend (there the monotonic clock stands still).  The file WARP names is shared memory; see warp.py for its layout.

   libfaketime 0.9.10 was tried first: with x60 threads of Python 3.11 never woke, for it knows no sem_clockwait. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000LL
#define NEVER INT64_MAX
#define SLOTS 512
#define SHORTEST 150000LL   /* ns of a real wait: shorter ones would only burn */
#define LONGEST 20000000LL
#define ANSWER 100          /* ms of real time that a peer on this machine may need before waiting for it is waiting */
#define TURN 1500           /* ms: a longer time-out is for an answer, a shorter one for the next turn of a loop */
#define CLAMP 2000000LL     /* ns of real time that one tick may count: a stopped process resumes where it was */

static struct { _Atomic int64_t now, offset, hold, rate, ticks; } *shared;
static struct { _Atomic int used, waiting; _Atomic int64_t until; } slots[SLOTS];
static int64_t origin; /* CLOCK_MONOTONIC at the start */
static pthread_key_t leaves;
static _Thread_local int mine = -1;

static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_clockwait)(sem_t *, clockid_t, const struct timespec *);
static int (*real_semwait)(sem_t *);
static int (*real_ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_condwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*real_nanosleep)(clockid_t, int, const struct timespec *, struct timespec *);

static int64_t ns(const struct timespec *t) { return t->tv_sec * BILLION + t->tv_nsec; }
static struct timespec spec(int64_t n) {
    struct timespec t = { n / BILLION, n % BILLION };
    return t;
}
static int64_t real_now(void) {
    struct timespec t;
    real_gettime(CLOCK_MONOTONIC, &t);
    return ns(&t);
}

static void left(void *slot) { atomic_store(&slots[(intptr_t)slot - 1].used, 0); }

static int slot(void) {
    if (mine < 0)
        for (int i = 0; i < SLOTS; i++) {
            int free = 0;
            if (atomic_compare_exchange_strong(&slots[i].used, &free, 1)) {
                mine = i;
                atomic_store(&slots[i].waiting, 0);
                pthread_setspecific(leaves, (void *)(intptr_t)(i + 1));
                break;
            }
        }
    if (mine < 0) abort(); /* more threads than slots: a leak */
    return mine;
}
static void begins(int64_t until) {
    int i = slot();
    atomic_store(&slots[i].until, until);
    atomic_store(&slots[i].waiting, 1);
}
static void ends(void) {
    int error = errno;
    atomic_store(&slots[mine].waiting, 0);
    errno = error;
}
static int64_t slice(int64_t until) {
    int64_t left = (until - atomic_load(&shared->now)) / atomic_load(&shared->rate);
    return left < SHORTEST ? SHORTEST : left > LONGEST ? LONGEST : left;
}
static int over(int64_t until) { return atomic_load(&shared->now) >= until; }

static void *ticks(void *none) {
    int64_t before = real_now();
    struct timespec nap = { 0, 100000 };
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    for (;;) {
        real_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
        int64_t real = real_now(), passed = real - before, earliest = NEVER;
        before = real;
        if (passed > CLAMP) passed = CLAMP;
        int works = atomic_load(&shared->hold) > 0;
        for (int i = 0; i < SLOTS; i++) {
            if (!atomic_load(&slots[i].used)) continue;
            if (!atomic_load(&slots[i].waiting)) works = 1;
            else if (atomic_load(&slots[i].until) < earliest) earliest = atomic_load(&slots[i].until);
        }
        int64_t now = atomic_load(&shared->now), next = now + passed;
        if (!works && earliest > next) {
            next = now + passed * atomic_load(&shared->rate);
            if (next > earliest) next = earliest;
        }
        atomic_store(&shared->now, next);
        atomic_fetch_add(&shared->ticks, 1);
    }
    return none;
}

__attribute__((constructor)) static void start(void) {
    real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    real_clockwait = dlsym(RTLD_NEXT, "sem_clockwait");
    real_semwait = dlsym(RTLD_NEXT, "sem_wait");
    real_ppoll = dlsym(RTLD_NEXT, "ppoll");
    real_poll = dlsym(RTLD_NEXT, "poll");
    real_condwait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!real_condwait) real_condwait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    real_nanosleep = dlsym(RTLD_NEXT, "clock_nanosleep");
    const char *path = getenv("WARP");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) abort();
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared == MAP_FAILED) abort();
    unsetenv("WARP");
    unsetenv("LD_PRELOAD"); /* children live in real time */
    origin = real_now() - atomic_load(&shared->now);
    pthread_key_create(&leaves, left);
    slot();
    pthread_t ticker;
    if (pthread_create(&ticker, NULL, ticks, NULL)) abort();
}

/* --- what is read ---------------------------------------------------------------------------------------- */

int clock_gettime(clockid_t clock, struct timespec *t) {
    if (!shared) { /* before our constructor */
        if (!real_gettime) real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
        return real_gettime(clock, t);
    }
    int64_t now = atomic_load(&shared->now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) *t = spec(now + atomic_load(&shared->offset));
    else if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE) *t = spec(now + origin);
    else return real_gettime(clock, t);
    return 0;
}
int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    tv->tv_sec = t.tv_sec;
    tv->tv_usec = t.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *where) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (where) *where = t.tv_sec;
    return t.tv_sec;
}

/* --- what is waited for ---------------------------------------------------------------------------------- */

static int64_t moment(clockid_t clock, const struct timespec *t) {
    return ns(t) - (clock == CLOCK_REALTIME ? atomic_load(&shared->offset) : origin);
}

int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *when) {
    int64_t until = moment(clock, when);
    int done;
    begins(until);
    for (;;) {
        struct timespec t = spec(real_now() + slice(until));
        done = real_clockwait(sem, CLOCK_MONOTONIC, &t);
        if (done == 0 || errno != ETIMEDOUT || over(until)) break;
    }
    ends();
    return done;
}
int sem_timedwait(sem_t *sem, const struct timespec *when) { return sem_clockwait(sem, CLOCK_REALTIME, when); }
int sem_wait(sem_t *sem) {
    if (!shared) return real_semwait ? real_semwait(sem) : ((int (*)(sem_t *))dlsym(RTLD_NEXT, "sem_wait"))(sem);
    begins(NEVER);
    int done = real_semwait(sem);
    ends();
    return done;
}
int poll(struct pollfd *fds, nfds_t count, int timeout) {
    if (timeout == 0) return real_poll(fds, count, 0);
    int64_t until = timeout < 0 ? NEVER : atomic_load(&shared->now) + timeout * 1000000LL;
    int done;
    if (timeout > TURN && (slot(), done = real_poll(fds, count, ANSWER))) return done;
    begins(until);
    for (;;) {
        struct timespec t = spec(timeout < 0 ? LONGEST : slice(until));
        done = real_ppoll(fds, count, &t, NULL);
        if (done != 0 || over(until)) break;
    }
    ends();
    return done;
}
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *when, struct timespec *rest) {
    int64_t until = flags & TIMER_ABSTIME ? moment(clock, when) : atomic_load(&shared->now) + ns(when);
    int done = 0;
    (void)rest;
    begins(until);
    while (!done && !over(until)) {
        struct timespec t = spec(slice(until));
        done = real_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    }
    ends();
    return done;
}
/* Python's interpreter lock: who waits for it wants to work, in real time. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *when) {
    if (!shared) return real_condwait(cond, mutex, when);
    int64_t left = ns(when) - origin - atomic_load(&shared->now);
    struct timespec t = spec(real_now() + (left > 0 ? left : 0));
    return real_condwait(cond, mutex, &t);
}
