"""Prints a dozen lines, the last with a terminal's escape sequence, and ends with exit status 3."""

import sys

from plain import options, say

options()
for number in range(1, 12):
    say(f"line {number}")
say("\x1b[31mno such table")
sys.exit(3)
