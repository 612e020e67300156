"""The program in a Coder's reply: found in fences or without, forgiven and said, never executed, never changed for nothing."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecraft.programs import ProgramError, parsed, read_program

FILES = sorted((Path(__file__).resolve().parents[2] / "data" / "llm_programs").glob("*/*__*.txt"))
CODE = "import bpy\n\nbpy.ops.mesh.primitive_cube_add(size=1)\n"
HELPER = "import shapes\n\nshapes.box(size=(1, 1, 1))\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_real_replies_give_the_text_between_their_fences(path):
    text = path.read_text("utf-8")
    read = read_program(text)
    assert text.count("```") == 2
    assert read.program == text.partition("```python\n")[2].partition("```")[0]
    assert read.forgiven == ()
    assert parsed(read.program).body


def test_all_32_real_programs_are_here():
    assert len(FILES) == 32


FORGIVEN = {
    "py": (f"```py\n{CODE}```", CODE, ()),
    "tildes": (f"~~~python\n{CODE}~~~", CODE, ()),
    "four ticks": (f"````python\n{CODE}````", CODE, ()),
    "a title behind the word": (f"```python title=\"part.py\"\n{CODE}```", CODE, ()),
    "code behind the word": ("```python import bpy\n\nbpy.ops.mesh.primitive_cube_add(size=1)\n```", CODE, ()),
    "no word": (f"```\n{CODE}```", CODE, ('a fence without "python"',)),
    "no closing fence": (f"Here:\n```python\n{CODE}", CODE, ("no closing fence",)),
    "no fence": (CODE, CODE, ("no fence",)),
    "no fence, words around": (f"Here is the script:\n\n{CODE}\nThis builds a cube; enjoy it!\n", CODE,
                               ("no fence", "words around the program")),
    "a shell fence first": (f"```bash\npip install bpy\n```\n```python\n{CODE}```", CODE, ()),
    "two programs": (f"```python\nimport bpy\n1/0\n```\nBetter:\n```python\n{CODE}```", CODE, ("2 programs, the last one taken",)),
    "in two blocks": ("```python\nimport bpy\n```\nand then\n```python\nbpy.ops.mesh.primitive_cube_add(size=1)\n```",
                      "import bpy\nbpy.ops.mesh.primitive_cube_add(size=1)\n", ("a program in 2 blocks, joined",)),
    "fence in place of a closing one": (f"```python\nimport bpy\n```python\n{CODE}```", CODE,
                                        ("2 programs, the last one taken", "no closing fence")),
    "HTML": ("```python\nimport bpy\nfor i in range(3):\n    if i &lt; 2 and i &gt;= 0:\n        print(&quot;a&quot;)\n```",
             'import bpy\nfor i in range(3):\n    if i < 2 and i >= 0:\n        print("a")\n', ("characters escaped for HTML",)),
    "typographic quotes": ("```python\nimport bpy\nname = \u201cleg\u201d\n```", 'import bpy\nname = "leg"\n',
                           ("typographic quotes or spaces",)),
    "no-break spaces": ("```python\nimport bpy\nif True:\n\u00a0\u00a0x = 1\n```", "import bpy\nif True:\n  x = 1\n",
                        ("typographic quotes or spaces",)),
    "indented as a whole": ("```python\n    import bpy\n    x = 1\n```", "import bpy\nx = 1\n", ("indented as a whole",)),
    "in a list": ("1. The script:\n   ```python\n   import bpy\n   x = 1\n   ```", "import bpy\nx = 1\n", ("indented as a whole",)),
    "console": ("```python\n>>> import bpy\n>>> x = 1\n```", "import bpy\nx = 1\n", ("prompts of a console",)),
    "the word on a line": (f"```\npython\n{CODE}```", CODE, ('a fence without "python"', "stray markdown")),
    "tags": (f"<code>\n{CODE}</code>", CODE, ("no fence",)),
    "thinking": (f"<think>```python\nimport bpy\n1/0\n```</think>\n```python\n{CODE}```", CODE, ("thinking before the program",)),
    "JSON": ('{"program": "import bpy\\n\\nbpy.ops.mesh.primitive_cube_add(size=1)"}', CODE, ("a program inside JSON", "no fence")),
    "JSON in a fence": ('```json\n{"code": "import bpy\\n\\nbpy.ops.mesh.primitive_cube_add(size=1)"}\n```', CODE,
                        ('a fence without "python"', "a program inside JSON")),
    "other line breaks": (f"```python\r\n{CODE}```".replace("\n", "\r\n").replace("\r\r", "\r"), CODE, ()),
    "helpers": (f"```python\n{HELPER}```", HELPER, ()),
}


@pytest.mark.parametrize("case", FORGIVEN)
def test_slips_are_forgiven_and_said(case):
    text, program, forgiven = FORGIVEN[case]
    read = read_program(text)
    assert (read.program, read.forgiven) == (program, forgiven)


def test_what_parses_is_never_touched():
    code = 'import bpy\nname = "a &lt; b \u201cquoted\u201d"\npattern = "```"\n'
    assert read_program(f"````python\n{code}````").program == code


def test_a_program_that_does_not_parse_comes_as_it_is():
    read = read_program("```python\nimport bpy\nbpy.ops.mesh.primitive_cube_add(size=\n```")
    assert read.program == "import bpy\nbpy.ops.mesh.primitive_cube_add(size=\n"
    with pytest.raises(SyntaxError):
        parsed(read.program)


@pytest.mark.parametrize("text", [
    "", "   \n", "I cannot build this part.", "```python\n```", "```json\n{\"name\": \"legs\"}\n```", "```\nfour legs and a seat\n```",
    "The legs are 4 cm wide.",
])
def test_a_reply_without_a_program_is_refused(text):
    with pytest.raises(ProgramError) as refusal:
        read_program(text)
    assert str(refusal.value).startswith("expected one program in a block of ```python, got ")
    assert "Write the whole program, not a description of it." in str(refusal.value)


def test_a_flood_is_refused():
    with pytest.raises(ProgramError, match="expected a reply of at most 200000 characters, got 200001"):
        read_program("x" * 200_001)


def test_nothing_is_executed(tmp_path):
    trap = tmp_path / "trap"
    text = f"```python\nimport bpy\nopen({str(trap)!r}, 'w').write('x')\n```"
    assert "trap" in read_program(text).program
    assert not trap.exists()


def test_odd_escapes_warn_nobody(recwarn):
    assert read_program('```python\nimport bpy\nx = "\\d"\n```').program.endswith('"\\d"\n')
    assert list(recwarn) == []


@pytest.mark.parametrize("source", ["-" * 50_000 + "1", "(" * 5_000, "a" + ".b" * 20_000, "x = " + "1+" * 20_000 + "1", "\0"])
def test_what_the_parser_trips_over_is_a_syntax_error(source):
    with pytest.raises(SyntaxError):
        parsed(source)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from([path.read_text("utf-8") for path in FILES[:6]]),
       st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 30), st.text(max_size=6) | st.sampled_from(["```", "```python\n", "<think>"])),
                max_size=4))
def test_bitten_replies_give_a_program_or_the_error(text, bites):
    for position, length, put in bites:
        text = text[:position] + put + text[position + length:]
    start = time.perf_counter()
    try:
        assert read_program(text).program.endswith("\n")
    except ProgramError as error:
        assert str(error).startswith("expected ")
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize("text", [
    "```\n" * 50_000, "import bpy\n" * 18_000, "import bpy\n\nwords here\n" * 8_000, "<think>" * 28_000, "`" * 200_000,
    "import bpy\nx = " + "(" * 199_000, "{" * 200_000, "\n" * 200_000 + "import bpy",
], ids=lambda text: f"{text[:12]!r} x{len(text)}")
def test_floods_end_soon(text):
    start = time.perf_counter()
    with contextlib.suppress(ProgramError):
        read_program(text)
    assert time.perf_counter() - start < 3.0
