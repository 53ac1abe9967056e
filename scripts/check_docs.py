"""Checks what the documents claim: links resolve, named paths and commands exist, every setting and command is documented."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

from bot.cli import app

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:bot|channels|routing|storage|tests|scripts|docs|benchmarks)/[\w./-]*\w/?)`")
COMMAND = re.compile(r"\bwijkbalie ([a-z]+)(?: ([a-z]+))?")
FIRST_COMMANDS = ["scripts/demo", "scripts/test"]


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def dead_links(path: Path, text: str) -> Iterator[str]:
    for target in LINK.findall(text):
        if not target.startswith(("http://", "https://")) and not (path.parent / target).exists():
            yield f"{path.relative_to(ROOT)}: de verwijzing {target} bestaat niet"
    for named in PATH.findall(text):
        if not (ROOT / named).exists():
            yield f"{path.relative_to(ROOT)}: het pad {named} bestaat niet"


def unknown_commands(path: Path, text: str, known: dict[str, set[str]]) -> Iterator[str]:
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```\n(.*?)```", text, re.DOTALL))
    for name, second in COMMAND.findall(code):
        if name not in known or (known[name] and second and second not in known[name]):
            yield f"{path.relative_to(ROOT)}: de opdracht 'wijkbalie {name} {second}' bestaat niet"


def known_commands() -> dict[str, set[str]]:
    commands = getattr(get_command(app), "commands", {})
    return {name: set(getattr(command, "commands", {})) for name, command in commands.items()}


def undocumented(known: dict[str, set[str]]) -> Iterator[str]:
    reference = (ROOT / "docs" / "naslag" / "opdrachten.md").read_text(encoding="utf-8")
    for name, seconds in known.items():
        for full in [f"{name} {second}" for second in seconds] or [name]:
            if f"`wijkbalie {full}" not in reference:
                yield f"docs/naslag/opdrachten.md: 'wijkbalie {full}' staat er niet in"


def main() -> int:
    known = known_commands()
    problems = list(undocumented(known))
    for path in documents():
        text = path.read_text(encoding="utf-8")
        problems += [*dead_links(path, text), *unknown_commands(path, text, known)]
    shown = re.findall(r"^(scripts/\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    if shown[:2] != FIRST_COMMANDS:
        problems.append("README.md: de eerste twee opdrachten zijn niet scripts/demo en scripts/test")
    print("\n".join(problems) or f"{len(documents())} documenten gecontroleerd")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
