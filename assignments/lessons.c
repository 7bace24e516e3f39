/* What the handlers of --lessons do: see lessons.h.
 *
 * A lock or a meeting is timed where only an order of events is to be made certain, and plain where its hang is the
 * lesson. Counter, accounts, locks and meetings are a process's own: threads share them, each child has a copy. */

#include "lessons.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIB (1024L * 1024)
#define TURNS 600000L /* of the spin for work=1: about 1 ms (100 ms for work=100, measured; gcc 12, -O2, a Xeon core) */
#define DIGITS 6      /* of a number in a query, at the most */
#define NODE 32       /* bytes that an allocated node takes up, malloc's own eight and the rounding to 16 included */

bool lessons_on;
int ballast;

/* ---- Computing ------------------------------------------------------------------------------------------------- */

/* region spin */
/* A fixed amount of computing. Never a clock: a handler that spins until a time "scales" on a single core, too.
 *
 * Each turn needs the one before (xorshift, Marsaglia 2003): so it cannot be vectorised, and no compiler knows a
 * formula for the last number, which a volatile variable takes, or the whole loop would go as work without effect. */
static bool spin(const int *values, const struct connection *connection)
{
    uint64_t number = 1;
    for (long turn = 0; turn < values[0] * TURNS; turn++) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
    }
    volatile uint64_t kept = number;
    (void)kept;
    say(connection->actor, "#%u spun %d", connection->number, values[0]);
    return true;
}
/* endregion spin */

/* ---- Meetings -------------------------------------------------------------------------------------------------- */

/* Where handlers wait for each other, so that an order of events is certain and not a matter of luck. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t complete;
    int arrived;
    unsigned round; /* one more whenever a meeting is complete */
};

/* Wait until so many are here, one delay at the most. */
static void meet(struct meeting *meeting, int size)
{
    double limit = now() + delay;
    struct timespec deadline = {.tv_sec = (time_t)limit, .tv_nsec = (long)((limit - (time_t)limit) * 1e9)};
    pthread_mutex_lock(&meeting->lock);
    unsigned round = meeting->round;
    if (++meeting->arrived >= size) {
        meeting->arrived = 0;
        meeting->round++;
        pthread_cond_broadcast(&meeting->complete);
    }
    int error = 0;
    while (round == meeting->round && error == 0) /* a wait may end without a reason */
        error = pthread_cond_clockwait(&meeting->complete, &meeting->lock, CLOCK_MONOTONIC, &deadline);
    if (round == meeting->round) /* too late: nobody is to count on it */
        meeting->arrived--;
    pthread_mutex_unlock(&meeting->lock);
}

/* ---- The shared counter ---------------------------------------------------------------------------------------- */

/* region count */
/* Atomic, though a plain unsigned would lose the same updates: two threads that touch a plain variable without a lock
 * are undefined behaviour (C11 5.1.2.4), and then the compiler owes nothing, not even a whole number. A relaxed load
 * and a relaxed store are whole, each by itself; nothing joins the two, so another handler fits in between. */
static atomic_uint counter;
static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static struct meeting readers = {.lock = PTHREAD_MUTEX_INITIALIZER, .complete = PTHREAD_COND_INITIALIZER};

/* Read, add one, write: with the lock in one piece; without it, once `meet` handlers have read the same value. */
static bool count(const int *values, const struct connection *connection)
{
    bool locked = values[0] == 0;
    if (locked)
        pthread_mutex_lock(&counter_lock);
    unsigned value = atomic_load_explicit(&counter, memory_order_relaxed) + 1;
    if (!locked)
        meet(&readers, values[1]);
    atomic_store_explicit(&counter, value, memory_order_relaxed);
    if (locked)
        pthread_mutex_unlock(&counter_lock);
    say(connection->actor, "#%u counted %u", connection->number, value);
    return true;
}
/* endregion count */

/* ---- Handlers that fail ---------------------------------------------------------------------------------------- */

/* region crash */
/* Write where no memory is: SIGSEGV ends the process, with all of its threads. The pointer is volatile, so that the
 * compiler does not see where it leads, and what it points to as well: gcc 12 leaves out any other write to nowhere. */
static bool crash(const int *values, const struct connection *connection)
{
    (void)values;
    sleep_for(delay / 2); /* so that others are at work */
    volatile int *volatile nowhere = NULL;
    say(connection->actor, "#%u crashes", connection->number);
    *nowhere = 1;
    return false;
}

/* Return before the answer, as code does that has met an error: only this connection is lost. */
static bool fail(const int *values, const struct connection *connection)
{
    (void)values;
    sleep_for(delay / 2);
    say(connection->actor, "#%u fails", connection->number);
    return false;
}
/* endregion crash */

/* ---- Two accounts, two locks ----------------------------------------------------------------------------------- */

/* A pthread mutex does not tell who holds it; so this one says it beside it. */
struct account {
    const char *name;
    pthread_mutex_t lock;
    atomic_uint owner; /* the number of a connection, 0: nobody; written by who holds the lock, read by who waits */
    int balance;       /* only with the lock held */
};

static struct account accounts[] = {
    {.name = "a", .lock = PTHREAD_MUTEX_INITIALIZER},
    {.name = "b", .lock = PTHREAD_MUTEX_INITIALIZER},
};
static struct meeting holders = {.lock = PTHREAD_MUTEX_INITIALIZER, .complete = PTHREAD_COND_INITIALIZER};
static sem_t seats; /* one fewer than there are locks: see prepare_lessons */

/* region transfer */
/* Take the account's lock, however long that takes: for ever, if its owner waits for ours. */
static void hold(struct account *account, const struct connection *connection)
{
    unsigned owner;
    while (pthread_mutex_trylock(&account->lock) != 0) {
        if ((owner = atomic_load(&account->owner)) != 0) {
            say(connection->actor, "#%u waits for %s, held by #%u", connection->number, account->name, owner);
            pthread_mutex_lock(&account->lock);
            break;
        }
        sched_yield(); /* taken, and not yet signed, or signed off, and not yet released */
    }
    say(connection->actor, "#%u holds %s", connection->number, account->name);
    atomic_store(&account->owner, connection->number); /* after its line: whoever waits for it says so later */
}

static void let_go(struct account *account)
{
    atomic_store(&account->owner, 0);
    pthread_mutex_unlock(&account->lock);
}

/* Move 1 from one account to the other. Two handlers that take two locks in opposite orders wait for each other for
 * ever; the meeting after the first lock makes it certain, where it is else a matter of luck. Either of two remedies
 * breaks the circle: one order for all, or fewer seats than locks, so that whoever sits gets its second one. */
static bool transfer(const int *values, const struct connection *connection)
{
    enum { FROM, TO, ORDER };
    enum { GIVEN, FIXED, SEATS };
    struct account *from = &accounts[values[FROM]], *to = &accounts[values[TO]];
    bool swapped = values[ORDER] == FIXED && to < from;
    struct account *first = swapped ? to : from, *second = swapped ? from : to;
    if (values[ORDER] == SEATS)
        while (sem_wait(&seats) < 0 && errno == EINTR)
            ;
    hold(first, connection);
    meet(&holders, 2);
    hold(second, connection);
    from->balance--;
    to->balance++;
    say(connection->actor, "#%u transferred", connection->number);
    let_go(second);
    let_go(first);
    if (values[ORDER] == SEATS)
        sem_post(&seats);
    return true;
}
/* endregion transfer */

/* From an account to itself would be a lock that waits for its own owner. */
static bool can_transfer(const int *values)
{
    return values[0] != values[1];
}

/* ---- Memory that the parent made ------------------------------------------------------------------------------- */

struct node {
    struct node *next;
    long number;
};

static struct node *objects; /* a list of `ballast` MiB, each node an allocation of its own */
static long *array;          /* as many MiB in one piece */

static void *allocate(size_t size)
{
    void *made = malloc(size);
    if (made == NULL) {
        fprintf(stderr, "server: no memory for --ballast %d\n", ballast);
        exit(1);
    }
    return made;
}

void prepare_lessons(void)
{
    if (ballast < 0)
        refuse("--ballast must be 0 or more");
    sem_init(&seats, 0, 1);
    for (long made = 0; made < ballast * (MIB / NODE); made++) {
        struct node *node = allocate(sizeof *node);
        *node = (struct node){.next = objects, .number = made};
        objects = node;
    }
    if (ballast > 0)
        array = allocate(ballast * MIB);
    for (size_t place = 0; place < ballast * MIB / sizeof *array; place++)
        array[place] = place;
}

/* region touch */
/* Read so many MiB, write nothing. Volatile, so that each read is done, though nobody needs the sum. Reading alone
 * unshares no page of a child's: in C an object has no reference count that a reader would have to write. */
static bool touch(const int *values, const struct connection *connection)
{
    bool of_objects = values[1] == 0;
    volatile unsigned long sum = 0;
    const volatile struct node *node = objects;
    const volatile long *numbers = array;
    if (of_objects)
        for (long turn = 0; turn < values[0] * (MIB / NODE); turn++, node = node->next)
            sum += node->number;
    else
        for (size_t place = 0; place < values[0] * MIB / sizeof *array; place++)
            sum += numbers[place];
    say(connection->actor, "#%u touched %d MiB of %s", connection->number, values[0], of_objects ? "objects" : "array");
    sleep_for(delay); /* with all in its place, for who looks at the memory */
    return true;
}
/* endregion touch */

static bool can_touch(const int *values)
{
    return values[0] <= ballast;
}

/* ---- From a target to its lesson ------------------------------------------------------------------------------- */

/* A key of a query. Its value is the place of its word among `words`, which is 0 for the first one; without any words
 * it is a whole number from 1. What is left out is the first word, or 1. */
struct key {
    const char *name;
    const char *words[4];
};

struct lesson {
    const char *path;
    bool (*teach)(const int *values, const struct connection *connection);
    struct key keys[KEYS];
    bool (*is_possible)(const int *values); /* NULL: always */
};

static const struct lesson LESSONS[] = {
    {"/spin", spin, {{"work", {0}}}, NULL},
    {"/count", count, {{"lock", {"yes", "no"}}, {"meet", {0}}}, NULL},
    {"/crash", crash, {{0}}, NULL},
    {"/fail", fail, {{0}}, NULL},
    {"/transfer", transfer, {{"from", {"a", "b"}}, {"to", {"a", "b"}}, {"order", {"given", "fixed", "seats"}}},
     can_transfer},
    {"/touch", touch, {{"mb", {0}}, {"of", {"objects", "array"}}}, can_touch},
};

#define MISSING (-1)

static bool is_word(const char *word, const char *text, size_t length)
{
    return word != NULL && strlen(word) == length && memcmp(word, text, length) == 0;
}

static int value_of(const struct key *key, const char *text, size_t length)
{
    int place = 0;
    while (key->words[place] != NULL && !is_word(key->words[place], text, length))
        place++;
    if (key->words[0] != NULL)
        return key->words[place] != NULL ? place : MISSING;
    bool is_number = *text != '0' && length > 0 && length <= DIGITS && strspn(text, "0123456789") == length;
    return is_number ? atoi(text) : MISSING;
}

/* Read one pair of a query; false if its key is unknown or there already, or its value wrong. */
static bool read_pair(const char *pair, size_t length, const struct lesson *lesson, int *values)
{
    size_t name = strcspn(pair, "=& ");
    int key = 0;
    while (key < KEYS && !is_word(lesson->keys[key].name, pair, name))
        key++;
    if (key == KEYS || name == length || values[key] != MISSING)
        return false;
    values[key] = value_of(&lesson->keys[key], pair + name + 1, length - name - 1);
    return values[key] != MISSING;
}

/* The values of a query, which stands between a question mark, if there is any, and a space. */
static bool read_query(const char *query, const struct lesson *lesson, int *values)
{
    for (int key = 0; key < KEYS; key++)
        values[key] = MISSING;
    while (*query != ' ') {
        size_t length = strcspn(++query, "& ");
        if (length > 0 && !read_pair(query, length, lesson, values))
            return false;
        query += length;
    }
    for (int key = 0; key < KEYS; key++)
        if (values[key] == MISSING)
            values[key] = lesson->keys[key].words[0] == NULL;
    return lesson->is_possible == NULL || lesson->is_possible(values);
}

int find_lesson(const char *target, struct asked *asked)
{
    size_t path = strcspn(target, "? ");
    for (size_t place = 0; place < sizeof LESSONS / sizeof *LESSONS; place++) {
        const struct lesson *lesson = &LESSONS[place];
        if (is_word(lesson->path, target, path)) {
            asked->lesson = lesson;
            return read_query(target + path, lesson, asked->values) ? 200 : 400;
        }
    }
    return 404;
}

bool teach(const struct asked *asked, const struct connection *connection)
{
    return asked->lesson->teach(asked->values, connection);
}
