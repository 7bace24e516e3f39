/* Requests that make visible where processes and threads differ: computing, a shared counter, a crash, two locks,
 * memory that the parent made. A server answers them only if it was started with --lessons.
 *
 * It knows what a handler does meanwhile, and nothing about who runs it: that is what the lessons are about. */
#ifndef LESSONS_H
#define LESSONS_H

#include "service.h"

#define KEYS 3 /* of a query, at the most */

/* What a request asks for: a lesson and the values of its keys, in the order in which lessons.c lists them. */
struct asked {
    const struct lesson *lesson; /* NULL: none, the plain greeting */
    int values[KEYS];
};

extern bool lessons_on; /* --lessons */
extern int ballast;     /* --ballast: MiB that the parent makes before it listens, as objects and as an array */

/* Make the ballast; exits with one sentence if there is no memory for it. */
void prepare_lessons(void);

/* The status that answers a GET of this target, which a space ends: 404 if it is no lesson, 400 if its query is not
 * right, 200 once `asked` holds what is to be done. */
int find_lesson(const char *target, struct asked *asked);

/* Do what was asked and say so; false if the connection is to be closed without an answer. */
bool teach(const struct asked *asked, const struct connection *connection);

#endif
