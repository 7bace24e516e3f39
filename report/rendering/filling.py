"""Floor 2, pure. Jinja templates filled in, strictly; what their author can mend is told with file and line."""

from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2

from report.errors import SpecError

_REPORT = str(Path(__file__).parents[1])
_WHAT_FILTERS_RAISE = (LookupError, AttributeError, ValueError, AssertionError, RuntimeError, MemoryError)


def fill(environment: jinja2.Environment, root: Path, file: str, values: Mapping[str, object]) -> str:
    """A template filled in; raises SpecError with file and line for what its author can mend."""
    try:
        return environment.get_template(file).render(values)
    except jinja2.TemplateNotFound as error:
        if error.name != file:
            raise SpecError(f"{file}:{_line(error, file)}: {error.name}: there is no such file") from None
        raise SpecError(f"{file}: is missing; every assignment needs an explanation in each language") from None
    except jinja2.TemplateSyntaxError as error:
        raise SpecError(f"{file}:{error.lineno}: {error.message}") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{file}: is not UTF-8: {error}") from None
    except (jinja2.TemplateError, TypeError, ArithmeticError, RecursionError) as error:
        raise SpecError(f"{file}:{_line(error, file)}: {error}") from None
    except _WHAT_FILTERS_RAISE as error:
        if _is_ours(error, file):
            raise
        raise SpecError(f"{file}:{_line(error, file)}: {error or type(error).__name__}") from None
    except SpecError as error:
        line = _line(error, file)
        raise SpecError(problem.replace(f"{file}:", f"{file}:{line}:", 1) for problem in error.problems) from None


def _line(error: BaseException, file: str) -> int:
    """The template's line that was being filled; Jinja gives it as a frame of the traceback."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _is_ours(error: BaseException, file: str) -> bool:
    """Whether it was raised by what the template called of this generator: then it is no fault of the author's."""
    trace, filling, ours = error.__traceback__, False, False
    while trace is not None:
        place = trace.tb_frame.f_code.co_filename
        filling = filling or place.endswith(file)
        if filling and not place.endswith(".py"):  # a template, called back by what was called
            ours = False
        elif filling and place.startswith(_REPORT):
            ours = True
        trace = trace.tb_next
    return ours


def of_texts(name: str, call: Callable[..., str]) -> Callable[..., str]:
    """The call as a template may make it; it raises TypeError for what is no text in quotes."""

    def checked(*texts: object, **options: object) -> str:
        given = [value for key, value in options.items() if key not in ("caller", "log") and value is not None]
        for value in (*texts, *given):
            if not isinstance(value, str):
                raise TypeError(f"{name}: expected a text in quotes; found {value}")
        return call(*texts, **options)

    return checked


def environment(root: Path) -> jinja2.Environment:
    """Templates by their path from the root; the product is Markdown."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(root),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # each outside text is fenced or filtered where it enters
    )
