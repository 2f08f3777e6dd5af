"""Follows the links of the built book, and runs or validates the examples of its pages."""

import json
import os
import re
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
import jsonschema

WORK = Path(sys.argv[1]).resolve()
BOOK = Path("docs/book").resolve()
PAGES = [*sorted(Path("docs/src").glob("*.md")), Path("README.md")]
failures: list[str] = []


class Page(HTMLParser):
    """The names and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.names.add(value)
            elif (tag, name) in {("a", "href"), ("img", "src"), ("source", "srcset")} and value:
                self.links.append(value)


def follow_links() -> int:
    pages: dict[Path, Page] = {}
    for path in BOOK.rglob("*.html"):
        pages[path] = Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    for path, page in pages.items():
        # The page for addresses that are not there, and the print of all pages, write their links from elsewhere.
        if path.name in {"404.html", "print.html", "toc.html"}:
            continue
        for link in page.links:
            target = urlsplit(link)
            if target.scheme or target.netloc or link.startswith("javascript:"):
                continue
            to = (path.parent / unquote(target.path)).resolve() if target.path else path
            to = to / "index.html" if to.is_dir() else to
            if not to.exists():
                failures.append(f"{path.relative_to(BOOK)}: {link} leads nowhere")
            elif target.fragment and to in pages and unquote(target.fragment) not in pages[to].names:
                failures.append(f"{path.relative_to(BOOK)}: {link} has no such heading")
    return len(pages)


def fences(path: Path) -> list[tuple[str, str]]:
    found = re.findall(r"^(`{3,})(\w+)[^\n]*\n(.*?)^\1$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [(language, text) for _, language, text in found]


def schema_of(document: dict) -> str | None:
    name = {"secure-lint/report/1": "report-1", "secure-lint/finding/1": "finding-1", "secure-lint/baseline/1": "baseline-1"}
    return name.get(document.get("schema", ""))


def examples() -> dict[str, int]:
    counts = {"json": 0, "toml": 0, "sql": 0}
    os.chdir(WORK)
    for path, blocks in [(path, fences(ROOT / path)) for path in PAGES]:
        for language, text in blocks:
            try:
                if language == "json" and (schema := schema_of(json.loads(text))):
                    jsonschema.validate(json.loads(text), json.loads((ROOT / f"schemas/{schema}.json").read_text()))
                elif language == "toml" and "{{#include" not in text:
                    config = json.loads(json.dumps(tomllib.loads(text), default=str))
                    jsonschema.validate(config, json.loads((ROOT / "schemas/config.json").read_text()))
                elif language == "sql":
                    rows = duckdb.sql(text)
                    if rows is None or not rows.columns:
                        failures.append(f"{path}: a query answers nothing")
                else:
                    continue
                counts[language] += 1
            except (ValueError, jsonschema.ValidationError, duckdb.Error) as error:
                failures.append(f"{path}: {language}: {str(error).splitlines()[0]}")
    return counts


ROOT = Path.cwd()
n_pages = follow_links()
counts = examples()
for failure in failures:
    print(failure)
if n_pages < 500 or not all(counts.values()):
    sys.exit(f"only {n_pages} pages, examples: {counts}")
print(f"{n_pages} pages, examples: {counts}")
sys.exit(1 if failures else 0)
