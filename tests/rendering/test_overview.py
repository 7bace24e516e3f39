"""Page one tells of the machine in the report's words, first what figures depend on most."""

import pytest

from report.recording import environment
from report.rendering import labels
from report.rendering.overview import Overview
from report.settings import Settings
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY, evidence_of, run

WORDS = labels.load(REPOSITORY / "templates")
MACHINE = {
    "python": "3.11.7",
    "implementation": "CPython",
    "system": "Linux",
    "kernel": "6.1",
    "machine": "x86_64",
    "processor": "AMD EPYC",
    "cores": "2",
    "memory": "24 GiB",
    "psutil": "7.2.2",
}


def machines(language: Language, *environments: dict[str, str]) -> list[str]:
    first = run().identity
    identities = [first.model_copy(update={"repetition": n}) for n in range(1, 1 + len(environments))]
    runs = [run(identity=identity, environment=one) for identity, one in zip(identities, environments, strict=True)]
    return Overview(evidence_of(*runs), {}, Settings(), WORDS[language]).machines()


def test_a_machine_is_told_in_the_reports_language_and_in_a_sensible_order() -> None:
    assert machines("en", MACHINE) == [
        "AMD EPYC processor, 2 cores, 24 GiB of memory, Linux, kernel 6.1, architecture x86_64, "
        "Python 3.11.7, implementation CPython, psutil 7.2.2"
    ]
    assert machines("ko", MACHINE) == [
        "AMD EPYC 프로세서, 코어 2개, 메모리 24 GiB, Linux, 커널 6.1, 기계 구조 x86_64, "
        "Python 3.11.7, CPython 구현, psutil 7.2.2"
    ]


def test_one_core_is_said_in_the_singular() -> None:
    assert machines("en", {"cores": "1"}) == ["1 core"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_no_word_comes_last_by_its_own_name_and_what_is_not_recorded_is_left_out(language: Language) -> None:
    (said,) = machines(language, {"zlib": "1.3", "compiler": "cc 14", "python": "3.11.7"})
    assert said == "Python 3.11.7, compiler cc 14, zlib 1.3"


def test_each_machine_is_told_once() -> None:
    assert len(machines("en", MACHINE, MACHINE | {"cores": "4"}, MACHINE)) == 2


def test_everything_that_a_recorder_states_of_its_machine_has_a_word() -> None:
    (said,) = machines("ko", environment.machine())
    assert not [key for key in environment.machine() if f"{key} " in said and key != "psutil"]
