"""Floor 2, pure. The diagram of descriptor tables: what two processes have open after each step, and when FIN leaves.

Everything but the operations is computed by `report.diagrams`. What a step changed has a thick edge (opened, copied)
or a broken and struck one (closed).
"""

from report.diagrams import Descriptors, Object, State, Step, Who
from report.rendering.labels import Labels
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Sheet
from report.rendering.pictures.picture import Picture

_TABLES: tuple[tuple[Who, float], ...] = (("parent", 190.0), ("child", 340.0))
_STEP = 178.0  # room for what a step does
_TABLE, _NUMBER = 138.0, 24.0  # widths of a table and of its column of numbers
_COUNT = 492.0
_HEAD, _ENTRY, _GAP = 24.0, 20.0, 16.0
_LINE = 14.0


def descriptors(diagram: Descriptors, label: Labels) -> Picture:
    """A row for each step: the operation, both tables after it, the reference count, and FIN."""
    states = list(diagram.states())
    notes = [getattr(step.note, label.language) if step.note else "" for step in diagram.steps]
    lines = max(1 + len(canvas.wrapped(note, _STEP)) for note in notes)
    row = max(_ENTRY * len(diagram.objects), _LINE * lines + 2) + _GAP
    with canvas.drawing(_HEAD + row * len(states)) as sheet:
        sheet.text(2, 13, label("step"))
        for who, x in _TABLES:
            sheet.text(x, 13, label(who))
        sheet.text(_COUNT, 13, canvas.fitted(label("references", descriptor=diagram.watched), canvas.WIDTH - _COUNT))
        for place, (step, state) in enumerate(zip(diagram.steps, states, strict=True)):
            top = _HEAD + place * row
            sheet.line([(0, top), (canvas.WIDTH, top)], "line")
            sheet.text(2, top + 20, canvas.fitted(f"{place + 1}. {_said(step, label)}", _STEP))
            for number, line in enumerate(canvas.wrapped(notes[place], _STEP), start=1):
                sheet.text(2, top + 20 + _LINE * number, line)
            for who, x in _TABLES:
                _table(sheet, x, top + 8, who, state, diagram.objects, label)
            _count(sheet, top + 8, state, state is states[-1], label)
        picture = canvas.svg(sheet)
    parts = " ".join(
        label("alt_step", step=f"{n}. {_said(step, label)}", descriptor=diagram.watched, references=state.references)
        for n, (step, state) in enumerate(zip(diagram.steps, states, strict=True), start=1)
    )
    left = next((n for n, state in enumerate(states, start=1) if state.fin), None)
    ending = label("alt_fin", place=left) if left else label("alt_no_fin", references=states[-1].references)
    return Picture(picture, label("alt_descriptors", parts=parts, ending=ending))


def _said(step: Step, label: Labels) -> str:
    return label(f"step_{step.does}", who=label(step.who or "parent"), descriptor=step.descriptor)


def _table(
    sheet: Sheet, x: float, top: float, who: Who, state: State, objects: tuple[Object, ...], label: Labels
) -> None:
    """One process's table: every known descriptor has its place, open or not."""
    changed = state.changed.get(who, ())
    if who not in state.tables and not changed:
        sheet.text(x, top + 14, label("no_process"))
        return
    for place, thing in enumerate(objects):
        y = top + place * _ENTRY
        is_open, is_new = thing.descriptor in state.tables.get(who, ()), thing.descriptor in changed
        if not (is_open or is_new):
            sheet.box(x, y, _TABLE, _ENTRY, edge="line", ls=canvas.DOTTED)
            continue
        edge = ("served" if is_open else "failed") if is_new else "ink"
        style = "-" if is_open else canvas.DASHED
        sheet.box(x, y, _TABLE, _ENTRY, "soft" if is_open else "", edge, lw=2 if is_new else 1, ls=style)
        sheet.text(x + _NUMBER / 2, y + 14, str(thing.descriptor), side="center")
        name = canvas.fitted(getattr(thing.name, label.language), _TABLE - _NUMBER - 6)
        sheet.text(x + _NUMBER + 2, y + 14, name)
        if not is_open:
            sheet.line([(x + 4, y + _ENTRY / 2), (x + _TABLE - 4, y + _ENTRY / 2)], "failed")


def _count(sheet: Sheet, top: float, state: State, last: bool, label: Labels) -> None:
    """The reference count as a number and as so many squares; FIN where it leaves, or that it never did."""
    sheet.text(_COUNT, top + 16, str(state.references), size=16)
    for place in range(state.references):
        sheet.box(_COUNT + 18 + place * 14, top + 5, 10, 10, "served")
    if state.fin:
        sheet.text(_COUNT, top + 38, label("fin"), size=12)
        sheet.arrow(_COUNT + canvas.width(label("fin"), 12) + 6, top + 34, canvas.WIDTH - 6, "accent")
    elif last and state.references:
        sheet.box(_COUNT - 5, top + 24, canvas.width(label("no_fin")) + 10, 19, "", "failed", lw=1.5, ls=canvas.DASHED)
        sheet.text(_COUNT, top + 37, label("no_fin"))
