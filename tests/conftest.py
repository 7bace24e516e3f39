"""The courses that tests make up are told in Korean and English, whatever other languages the project has been given.

Of those, tests/test_languages.py asks in processes of their own.
"""

from typing import Literal

from report import languages

vars(languages).update(ADDED=(), LANGUAGES=languages.BOTH, Language=Literal["ko", "en"])
