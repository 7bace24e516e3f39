"""Floor 2, pure. Jinja templates filled in, strictly; what their author can mend is told with file and line."""

from collections.abc import Mapping
from pathlib import Path

import jinja2

from report.errors import SpecError


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
