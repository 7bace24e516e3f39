"""The bundle: the same bytes each time, whole, described for machines; and its verify.py, which notices one byte."""

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from report import jobs, takeaway
from report.errors import EvidenceError
from report.exports import bundle, verify
from tests.builders import REPOSITORY, course, request, run, store, write
from tests.exports.published import EVIDENCE
from tests.exports.published import course as published_course
from tests.exports.test_junit import RELATIVE

MADE = ("report.ko.md", "report.en.html", "figures/ten.svg")


@dataclass(frozen=True)
class Place:
    """A made-up repository with evidence and a report of it."""

    root: Path

    def packed(self) -> bytes:
        found = jobs.load(self.root)
        evidence = self.root / "build/evidence"
        return takeaway.bundled(
            self.root, found, takeaway.material(found, evidence), evidence, self.root / "build", MADE
        )


def made(root: Path, toml: str = RELATIVE) -> Place:
    course(root, toml)
    write(root, "assignments/echo/__pycache__/server.pyc", "by-product")
    write(root, "report.toml", 'author = { ko = "홍길동", en = "Hong Gildong" }\nstudent_number = "20260001"\n')
    write(root, "pyproject.toml", (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    write(root, "inv", "#!/bin/sh\n")
    store(root / "build/evidence", run(requests=[request(1), request(2, done=9.0)]))
    for path in MADE:
        write(root, f"build/{path}", f"{path}\n")
    return Place(root)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return made(tmp_path / "repository")


@pytest.fixture
def unpacked(place: Place, tmp_path: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(place.packed())) as packed:
        packed.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


def verified(folder: Path, language: str = "C.UTF-8") -> tuple[int, str, list[str]]:
    """Exit code, what was said, and the lines of complaint of verify.py, run by a Python that has nothing else."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    environment = {"PATH": os.environ["PATH"], "LANG": language, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode().splitlines()


def resealed(folder: Path) -> None:
    """Makes the manifest anew, as somebody would who hides what was changed."""
    there = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    del there[verify.MANIFEST]
    (folder / verify.MANIFEST).write_bytes(bundle.manifest(there))


# --- the archive ---------------------------------------------------------------------------------------------------


def test_two_bundles_of_the_same_state_are_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    first, second = made(tmp_path / "a").packed(), made(tmp_path / "elsewhere/b").packed()
    assert first == second
    assert first != made(tmp_path / "c", RELATIVE.replace("at_most = 1.5", "at_most = 1.6")).packed()


def test_it_holds_report_evidence_sources_and_machine_in_the_places_that_links_lead_to(unpacked: Path) -> None:
    there = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    run_files = {f"docs/evidence/echo/two.python/{name}" for name in ("run.json", "requests.csv", "server.times.csv")}
    assert there > {f"docs/{path}" for path in MADE} | run_files
    assert there > {"assignments/echo/server.py", "report.toml", "environment.json", "verdicts.json", "verify.py"}
    assert not [path for path in there if "__pycache__" in path]
    (machine,) = json.loads((unpacked / "environment.json").read_text(encoding="utf-8"))
    assert machine == {"machine": {"kernel": "6.1", "python": "3.11.7"}, "runs": ["echo/two.python"]}


def test_entries_are_in_order_with_one_date_and_their_rights(place: Place) -> None:
    with zipfile.ZipFile(io.BytesIO(place.packed())) as packed:
        entries = packed.infolist()
        assert packed.testzip() is None
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.filename for entry in entries if entry.external_attr >> 16 & 0o100} == {"inv"}


def test_without_a_run_there_is_nothing_to_hand_in(tmp_path: Path) -> None:
    course(tmp_path)
    with pytest.raises(EvidenceError, match="invoke report"):
        Place(tmp_path).packed()


# --- what machines read of it --------------------------------------------------------------------------------------


def test_its_metadata_is_a_research_object_crate(unpacked: Path) -> None:
    found = json.loads((unpacked / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert found["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities: dict[str, dict[str, Any]] = {one["@id"]: one for one in found["@graph"]}
    assert len(entities) == len(found["@graph"])
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert (descriptor["about"], descriptor["conformsTo"]) == ({"@id": "./"}, {"@id": "https://w3id.org/ro/crate/1.1"})
    assert root["@type"] == "Dataset"
    assert root["datePublished"] == "2026-03-02T09:00:00Z"
    assert root["name"]
    assert root["description"]
    assert {"@id": root["license"]["@id"]} == root["license"]
    assert entities[root["author"]["@id"]]["name"] == "홍길동"
    parts = [part["@id"] for part in root["hasPart"]]
    assert {"docs/report.ko.md", "docs/evidence/", "assignments/", "verdicts.json"} <= set(parts)
    for part in parts:
        kind = {"File": Path.is_file, "Dataset": Path.is_dir}[entities[part]["@type"]]
        assert kind(unpacked / part), part
    assert all(one["@id"] in entities for entity in found["@graph"] for one in references(entity, descriptor))


def references(entity: dict[str, Any], descriptor: dict[str, Any]) -> list[dict[str, str]]:
    """What an entity refers to, except for the specification itself."""
    values = [value for one in entity.values() for value in (one if isinstance(one, list) else [one])]
    return [value for value in values if isinstance(value, dict) and value != descriptor["conformsTo"]]


# --- verify.py -----------------------------------------------------------------------------------------------------


def test_a_bare_python_finds_it_whole_and_says_what_was_computed_anew_and_what_only_compared(unpacked: Path) -> None:
    status, said, complaints = verified(unpacked)
    assert (status, complaints) == (0, [])
    assert "runs as they were recorded: 1\n" in said
    assert "verdicts that follow from values: 1 (1 hold, 0 fail); undecided: 3\n" in said
    assert "values computed anew from the evidence: 1; only compared with their bound: 0\n" in said
    assert "판정 1건: 성립 1건, 불성립 0건. 판정 보류 3건" in verified(unpacked, "ko_KR.UTF-8")[1]


def test_it_needs_nothing_but_an_older_python() -> None:
    source = Path(verify.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    names = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)} | {
        alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
    }
    assert {(name or "").split(".")[0] for name in names} <= sys.stdlib_module_names
    assert [set(words) for words in verify.WORDS.values()] == [set(verify.WORDS["en"])] * 2


@pytest.mark.parametrize("path", ["docs/report.ko.md", "docs/evidence/echo/two.python/samples.csv", "verdicts.json"])
def test_one_changed_byte_is_one_sentence_and_a_failure(unpacked: Path, path: str) -> None:
    flip(unpacked / path, 3)
    status, _, complaints = verified(unpacked)
    assert (status, complaints) == (
        1,
        [f"{path}: is not what the manifest says; it was changed after the bundle was made"],
    )
    assert "목록의 다이제스트와 다르다" in verified(unpacked, "ko_KR.UTF-8")[2][0]


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_changed_byte_is_noticed_in_every_file_and_anywhere_in_the_manifest(unpacked: Path) -> None:
    paths = [path for path in sorted(unpacked.rglob("*")) if path.is_file() and path.stat().st_size]
    places = [(path, path.stat().st_size // 2) for path in paths]
    places += [
        (unpacked / verify.MANIFEST, place) for place in range(0, (unpacked / verify.MANIFEST).stat().st_size, 41)
    ]
    assert len(places) > 60
    for path, place in places:
        flip(path, place)
        with pytest.raises(verify.FaultError):
            verify.unchanged(unpacked)
        flip(path, place)
    verify.unchanged(unpacked)


def test_a_file_that_is_gone_is_told_and_one_that_was_added_is_only_counted(unpacked: Path) -> None:
    write(unpacked, "docs/notes.txt", "from the teacher")
    assert "(others, which are no part of the bundle: 1)" in verified(unpacked)[1]
    (unpacked / "report.toml").unlink()
    assert verified(unpacked)[::2] == (1, ["report.toml: cannot be read; the bundle is not whole"])


def edited(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    change(next(v for v in found["verdicts"] if v["claim"] == "served-together" and v["state"] == "fails"))
    path.write_text(json.dumps(found), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.update(state="holds"), "does not follow from the value 1.8 and the bound {'at_most': 1.5}"),
        (lambda v: v.update(value=1.2, state="holds"), "the evidence gives 1.8, not the value 1.2"),
    ],
)
def test_a_verdict_that_was_changed_with_its_digest_contradicts_the_evidence(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(made(tmp_path / "repository", PLAIN).packed())) as packed:
        packed.extractall(tmp_path / "unpacked")
    edited(tmp_path / "unpacked/verdicts.json", change)
    resealed(tmp_path / "unpacked")
    status, _, (complaint,) = verified(tmp_path / "unpacked")
    assert status == 1
    assert complaint.startswith("echo/two.python: served-together: ")
    assert told in complaint


PLAIN = RELATIVE.replace('\nrelative_to = ":other"', "")


def test_evidence_that_was_changed_with_its_digest_contradicts_its_record(unpacked: Path) -> None:
    table = unpacked / "docs/evidence/echo/two.python/requests.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("9.000000", "5.000000"), encoding="utf-8")
    resealed(unpacked)
    told = "docs/evidence/echo/two.python/requests.csv: is not what was recorded, as run.json has it"
    assert verified(unpacked)[::2] == (1, [told])


def test_nothing_outside_the_bundle_is_looked_at(unpacked: Path) -> None:
    manifest = unpacked / verify.MANIFEST
    for path in ("../secret", "/etc/passwd", "a/../../b"):
        manifest.write_text(f"{'0' * 64}  {path}\n", encoding="utf-8")
        assert "line 1 is no digest with a path" in verified(unpacked)[2][0]


def test_of_the_published_verdicts_most_values_come_out_of_the_evidence_once_more(tmp_path: Path) -> None:
    of = takeaway.material(published_course(), EVIDENCE)
    (tmp_path / "docs").symlink_to(REPOSITORY / "docs")
    (tmp_path / "verdicts.json").write_bytes(bundle.verdicts(of.evidence, of.verdicts))
    counts = verify.follow(tmp_path)
    assert counts["decided"] == counts["again"] + counts["compared"]
    assert counts["decided"] > 100
    assert counts["again"] > 0.8 * counts["decided"]
