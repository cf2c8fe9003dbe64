"""The built page is made of the sources that are here, and asks nobody outside for anything."""

import importlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "sinks" / "web" / "static"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        yield importlib.import_module("build_page")
    finally:
        sys.path.remove(str(ROOT / "scripts"))


def test_the_built_page_is_current(script: ModuleType) -> None:
    assert script.is_current(script.WEB, STATIC), "run scripts/build_page and commit the result"


def test_a_changed_source_is_noticed(script: ModuleType, tmp_path: Path) -> None:
    web = tmp_path / "web"
    shutil.copytree(script.WEB, web, ignore=shutil.ignore_patterns("node_modules"))
    assert script.is_current(web, STATIC)
    words = web / "src" / "words.ts"
    words.write_text(words.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert not script.is_current(web, STATIC)


def test_the_page_names_no_other_host() -> None:
    """Addresses of namespaces and of a library's home are names, not requests."""
    known = {"www.w3.org", "github.com"}
    for path in STATIC.rglob("*"):
        if path.suffix in {".html", ".js", ".css", ".svg"}:
            found = set(re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8")))
            assert found <= known, path.name


def test_both_languages_have_every_word() -> None:
    source = (ROOT / "web" / "src" / "words.ts").read_text(encoding="utf-8")
    english, german = re.split(r"^const DE", source, flags=re.MULTILINE)[:2]
    keys = [set(re.findall(r"^  (\w+):", part, re.MULTILINE)) for part in (english, german)]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 100
