"""Floor 3, pure. Verdicts as JUnit XML, in the form that CI servers read: a test suite for each assignment.

What is undecided or was skipped is `skipped` with the reason; trouble of the tool is an `error`, never a failure.
(The form is that of Apache Ant's JUnit task and Maven Surefire's schema.)
"""

from collections.abc import Sequence
from xml.etree import ElementTree

from report.exports.cases import Case, Suite
from report.rendering.display import visible

_ELEMENTS = {"fails": "failure", "undecided": "skipped", "skipped": "skipped", "error": "error"}


def junit(suites: Sequence[Suite], name: str) -> bytes:
    """The XML document; `name` is that of the whole."""
    root = ElementTree.Element("testsuites", {"name": visible(name), **_counts(suites)})
    for suite in suites:
        attributes = {"name": suite.name, **_counts([suite])}
        if suite.recorded:
            attributes["timestamp"] = suite.recorded.removesuffix("Z")  # the schema has no time zone; it is UTC
        element = ElementTree.SubElement(root, "testsuite", attributes)
        for case in suite.cases:
            element.append(_testcase(suite, case))
    ElementTree.indent(root)
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, encoding="unicode").encode() + b"\n"


def _testcase(suite: Suite, case: Case) -> ElementTree.Element:
    made = ElementTree.Element("testcase", classname=".".join((suite.name, *case.place)), name=case.name)
    if case.state == "holds":
        ElementTree.SubElement(made, "system-out").text = visible(case.told)
    else:
        element = _ELEMENTS[case.state]
        kind = {} if element == "skipped" else {"type": case.state}  # the schema wants it, and for skipped refuses it
        ElementTree.SubElement(made, element, {"message": visible(case.told), **kind})
    return made


def _counts(suites: Sequence[Suite]) -> dict[str, str]:
    def total(*elements: str) -> str:
        return str(sum(_ELEMENTS.get(case.state, "") in elements for suite in suites for case in suite.cases))

    return {
        "tests": str(sum(len(suite.cases) for suite in suites)),
        "failures": total("failure"),
        "errors": total("error"),
        "skipped": total("skipped"),
        "time": f"{sum(suite.seconds for suite in suites):.3f}",
    }
