"""How fast the routing engine is, beside a yardstick measured in the same run; and how much time and memory loading takes.

The yardstick is a plain scikit-learn classifier on the same messages: character 3-5-grams with a linear support vector
machine. Each round measures both in turn, in processor time of one core, so that a busy machine slows both alike.
Run: python -m benchmarks.routing
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "routing" / "model" / "corpus" / "h-gewoon.jsonl"
ROUNDS, MESSAGES = 5, 300
GOALS = {"ms": 3.0, "per_second": 1500.0, "seconds": 2.0, "megabytes": 300.0}
LOAD = {
    "engine": "from routing.engine import load_engine; from routing.vakafdelingen import load_municipality; "
    "load_engine(load_municipality()).route('de lamp is stuk')",
    "yardstick": "import sklearn.svm, sklearn.feature_extraction.text",
}
# The peak of this process alone: what getrusage tells outlives exec and would show that of whoever started it.
MEASURE = """
import time
begin = time.process_time()
{code}
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(time.process_time() - begin, int(peak) / 1024)
"""


def main() -> None:
    console = Console()
    texts, leads = read_messages()
    route, predict = engine(), yardstick(texts, leads)
    rounds = [(one_by_one(route, texts), one_by_one(lambda text: predict([text]), texts)) for _ in range(ROUNDS)]
    batches = [(whole(lambda: [route(text) for text in texts]), whole(lambda: predict(texts))) for _ in range(ROUNDS)]
    loads = [(load(LOAD["engine"]), load(LOAD["yardstick"])) for _ in range(ROUNDS)]
    console.print(
        f"Python {platform.python_version()}, {platform.machine()}, {len(texts)} berichten uit {CORPUS.name}, {ROUNDS} rondes"
    )
    console.print("processortijd van een kern; mediaan van de rondes; verhouding per ronde, dan de mediaan")
    table = Table("wat", "motor", "maatstaf", "verhouding", "doel", "gehaald")
    add(table, "een bericht, warm (ms, mediaan)", rounds, GOALS["ms"])
    add(table, "partij (ms per bericht)", batches, 1000 / GOALS["per_second"])
    add(table, "laden (s)", [(one[0], other[0]) for one, other in loads], GOALS["seconds"])
    add(table, "geheugen na laden (MB)", [(one[1], other[1]) for one, other in loads], GOALS["megabytes"])
    console.print(table)
    per_second = 1000 / statistics.median(batch for batch, _ in batches)
    console.print(f"partij: {per_second:.0f} berichten per seconde (doel {GOALS['per_second']:.0f})")


def read_messages() -> tuple[list[str], list[str]]:
    lines = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()[:MESSAGES]]
    return [line["text"] for line in lines], [line["lead"] for line in lines]


def engine() -> Callable[[str], object]:
    from routing.engine import load_engine
    from routing.vakafdelingen import load_municipality

    return load_engine(load_municipality()).route


def yardstick(texts: Sequence[str], leads: Sequence[str]) -> Callable[[Sequence[str]], object]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    return make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)), LinearSVC()).fit(texts, leads).predict


def one_by_one(answer: Callable[[str], object], texts: Sequence[str]) -> float:
    """The median over the messages, in milliseconds."""
    for text in texts[:50]:
        answer(text)
    return statistics.median(whole(lambda text=text: answer(text), among=1) for text in texts)


def whole(work: Callable[[], object], among: int = MESSAGES) -> float:
    """Processor time in milliseconds, per message."""
    begin = time.process_time_ns()
    work()
    return (time.process_time_ns() - begin) / 1e6 / among


def load(code: str) -> tuple[float, float]:
    """Seconds of processor time and megabytes of a fresh process."""
    command = [sys.executable, "-c", MEASURE.format(code=code)]
    seconds, megabytes = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - our own code
    return float(seconds), float(megabytes)


def add(table: Table, what: str, rounds: Sequence[tuple[float, float]], goal: float) -> None:
    ours, theirs = (statistics.median(values) for values in zip(*rounds, strict=True))
    ratio = statistics.median(one / other for one, other in rounds)
    table.add_row(what, f"{ours:.2f}", f"{theirs:.2f}", f"{ratio:.2f}", f"{goal:.2f}", "ja" if ours <= goal else "nee")


if __name__ == "__main__":
    main()
