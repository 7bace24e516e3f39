"""Run in a copy of the project that speaks French too: renders into a folder, and tells as JSON what else is asked."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from report import candidates, check, course, jobs, judge, languages, messages, plan, publish, site, welcome
from report import new as making
from report.errors import ReportError
from report.rendering import advice, edition, labels
from report.rendering.gates import wording
from report.rendering.memory import forgetful

ROOT = Path(languages.__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"


def told(load: Callable[[], object], file: str, old: str, new: str = "") -> list[str]:
    """What is told when a file says something else (nothing at all, where nothing of it is named)."""
    path = ROOT / file
    before = path.read_text(encoding="utf-8")
    assert old in before, file
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    if not old:
        path.unlink()
    try:
        load()
    except ReportError as error:
        return list(error.problems)
    finally:
        path.write_text(before, encoding="utf-8")
    return []


def rendered() -> dict[str, bytes]:
    """A part of the report, the verdict on a server, and the site."""
    found = jobs.load(ROOT)
    some, settings = found.assignments[:2], found.settings.model_copy(update={"overview": ()})
    files, _ = check.published_files(ROOT, some, settings, plan.plan(some, 1.0), ROOT / "docs/evidence")
    rules = candidates.rules(ROOT, found.assignments)[some[1].name]
    one = candidates.brought(ROOT, rules, "python3 {port} {delay}", None, ROOT, None, None, None)
    fault = judge.Fault(next(iter(rules.probes)), "listens", "nothing")
    judged = judge._judged(one, judge._Attempts(faults=[fault]), ROOT)
    verdict = judge.Words(ROOT, [rules]).files(judged, "", forgetful)
    return {name: data for name, data in (files | verdict | site.files(ROOT, [])).items() if "/" not in name}


def faults() -> dict[str, list[str]]:
    """What is told of each thing that is missing or wrong."""

    def label() -> object:
        return labels.load(TEMPLATES)

    def texts() -> object:
        return jobs.load(ROOT)

    def parity() -> object:
        return edition._parity(ROOT, ("fork",), forgetful)

    def prose() -> object:
        return wording.check(ROOT, {f"assignments/fork/explanation.{one}.md": one for one in languages.LANGUAGES})

    own = "templates/labels.fr.toml"
    return {
        "label": told(label, own, "\nholds = ", "\nhalds = "),
        "field": told(label, own, "{holds}", "{halds}"),
        "file": told(lambda: advice.words(TEMPLATES, labels.load(TEMPLATES)["ko"]), "templates/verdict.fr.toml", ""),
        "advice": told(
            lambda: advice.load(TEMPLATES, ["zombies"]), "templates/diagnoses.fr.toml", "[fr.zombies]", "[fr.z]"
        ),
        "doctor": told(
            lambda: welcome.Words("doctor.toml", "fr"), "templates/doctor.fr.toml", "lacking = ", "lakking = "
        ),
        "rules": told(lambda: wording.load(ROOT), "templates/wording.fr.toml", "forms = [", "farms = ["),
        "text": told(texts, "assignments/texts.fr.toml", '"System programming" = ', '"Programming" = '),
        "broken": told(texts, "assignments/texts.fr.toml", '"System programming" = ', '"System programming = '),
        "parity": told(parity, "assignments/fork/explanation.fr.md", "### Order of work\n"),
        "prose": told(prose, "assignments/fork/explanation.fr.md", "En français : ", "En 5 s, "),
        "guide": told(lambda: site.files(ROOT, []), "README.fr.md", ""),
    }


def spoken_by_the_tool() -> list[str]:
    """What it prints in a French locale: without messages of its own, then with them."""
    language = welcome.spoken({"LANG": "fr_FR.UTF-8"})
    said = [messages.said("a.toml: is missing", language)]
    (TEMPLATES / "messages.fr.toml").write_text('[messages]\n"is missing" = "manque"\n', encoding="utf-8")
    messages.catalogue.cache_clear()
    messages._pairs.cache_clear()
    return [*said, messages.said("a.toml: is missing", language)]


if __name__ == "__main__":
    publish.write(rendered(), Path(sys.argv[1]))
    answers = {"languages": languages.LANGUAGES, "faults": faults(), "said": spoken_by_the_tool()}
    answers["new"] = making.make(ROOT, jobs.load(ROOT).assignments, "9", "pool", "thread")
    answers["title"] = course.find(jobs.load(ROOT).assignments, "pool").title.model_dump()
    answers["table"] = sorted(judge.Words(ROOT, []).table([]))
    print(json.dumps(answers))
