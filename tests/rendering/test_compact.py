"""The SVG made small: what is drawn stays, comments and empty groups go, identifiers become its own."""

import re

from report.rendering.pictures.compact import compact

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg">'


def test_paths_keep_their_points_to_a_hundredth() -> None:
    made = compact(
        f'{HEAD}<path d="M 10.123456 20.000001 \nL 3 -0.001 \nz\n" style="fill: #ff0000; stroke: none"/></svg>'
    )
    assert '<path d="M10.12 20L3 0z" style="fill:#ff0000;stroke:none"/>' in made


def test_a_scale_is_never_rounded() -> None:
    made = compact(f'{HEAD}<g transform="translate(1.23456 2) scale(0.105 -0.015625)"><path d="M 0 0"/></g></svg>')
    assert 'transform="translate(1.23 2) scale(0.105 -0.015625)"' in made


def test_comments_metadata_and_groups_that_say_nothing_go() -> None:
    inner = '<metadata><a/></metadata><g id="axes_1"><!-- <g> --><g id="x"/><g clip-path="url(#p1)"><path d="M 0 0"/></g></g>'
    made = compact(f'{HEAD}{inner}<defs><clipPath id="p1"><rect x="1.005" y="2"/></clipPath></defs></svg>')
    assert made.startswith("<svg ")
    assert made.count("<g") == made.count("</g>") == 1
    assert "metadata" not in made
    assert "<!--" not in made
    assert "xlink" not in made


def test_identifiers_are_its_own_and_those_of_glyphs_stay() -> None:
    inner = '<defs><path id="NanumGothic-11" d="M 0 0"/><path id="m1" d="M {0} 0"/></defs><use xlink:href="#NanumGothic-11"/><use xlink:href="#m1"/>'
    one, other = (compact(HEAD + inner.replace("{0}", number) + "</svg>") for number in "12")
    own = [re.findall(r' id="(f[0-9a-f]{8}-\d)"', made) for made in (one, other)]
    assert len(own[0]) == len(own[1]) == 1
    assert own[0] != own[1]
    assert f'href="#{own[0][0]}"' in one
    assert 'id="NanumGothic-11"' in one
    assert 'href="#NanumGothic-11"' in one
