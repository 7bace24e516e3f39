"""The published report holds every section that the course asks for, in both languages, under the same anchors."""

import re

import pytest

from report.spec import LANGUAGES
from tests.published import page

COMMON = [
    "order-of-work",
    "reading-the-code",
    "questions-and-answers",
    "what-the-terminals-show",
    "what-the-figures-show",
    "claims",
]
# What the hand-made report holds, section by section, and what an excellent one has besides.
SECTIONS = {
    "": ["top", "at-a-glance", "at-a-glance-every-run", "making-it-again", "evidence"],
    "assignment-0-": [*COMMON, "the-idea-one-connection-at-a-time", "why-does-the-log-show-two-requests-when-i-opened-the-page-once", "why-do-two-tabs-with-the-same-address-look-as-if-they-were-served-one-after-the-other", "why-does-address-already-in-use-appear", "common-mistakes", "conclusion"],
    "assignment-1-": [*COMMON, "the-idea-a-child-process-per-connection", "what-fork-copies-and-what-it-shares", "the-function-that-calls-fork", "the-parent-that-accepts-and-hands-over", "what-the-child-does", "reaping-the-exit-status", "why-does-the-parent-close-the-connection-s-socket", "exit-or-_exit-which-is-right", "after-a-sigchld-why-is-waitpid-called-in-a-loop", "common-mistakes", "conclusion"],
    "assignment-2-": [*COMMON, "the-idea-a-thread-per-connection", "the-function-that-serves-the-connection", "the-loop-that-accepts-and-hands-over-to-a-thread", "why-does-the-argument-arrive-as-a-pointer-and-who-must-free-it", "what-are-the-four-arguments-of-pthread_create", "what-does-pthread_create-return-and-how-is-the-error-tested", "in-python-what-are-a-thread-s-target-args-and-daemon", "who-owns-the-socket-object", "how-do-concurrency-and-parallelism-differ", "common-mistakes", "conclusion"],
    "assignment-3-": [*COMMON, "three-meanings-of-message-queue", "orchestration-and-load-balancing", "mutex-and-condition-variable", "in-c-node-and-queue-insert-pop-length", "the-state-of-queue-and-workers", "what-a-worker-does", "adding-a-worker", "removing-a-worker", "the-function-that-joins-it-all", "common-mistakes", "conclusion-why-start-from-2"],
    "assignment-4-": ["order-of-work", "what-server-c-does-step-by-step", "1-socket-make-a-socket", "2-bind-give-it-an-address", "3-listen-get-ready-to-receive", "4-accept-fetch-one-connection", "5-read-read-the-request", "6-write-write-the-answer", "7-close-close-the-connection", "how-the-two-servers-behave", "strengths-and-weaknesses-of-fork", "strengths-and-weaknesses-of-thread", "how-do-a-race-condition-and-a-deadlock-differ-and-what-prevents-each", "what-the-terminals-show", "what-the-figures-show", "claims", "conclusion"],
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_is_there(language: str) -> None:
    there = re.findall(r'<h[1-6] id="([^"]+)"', page(language))
    wanted = [prefix + one for prefix, sections in SECTIONS.items() for one in sections]
    assert [one for one in wanted if one not in there] == []


def test_both_languages_have_the_same_anchors_in_the_same_order() -> None:
    ko, en = (re.findall(r'<h[1-6] id="([^"]+)"', page(language)) for language in LANGUAGES)
    assert ko == en
    assert len(ko) > 100
