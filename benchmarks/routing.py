"""How fast the routing engine is, beside a yardstick measured in the same run; and how much time and memory loading takes.

The yardstick is a plain scikit-learn classifier on the same messages: character 3-5-grams with a linear support vector
machine. Each round measures both in turn, so that a busy machine slows both alike: in processor time of one core, and a
large file over all cores by the clock, as `wijkbalie route` does it. With --learn also learning the shipped corpus, beside
the same classifier learning it; two minutes of processor time are a minute on two cores.
Run: python -m benchmarks.routing [--learn]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.parallel_lines import cores, route_in_parallel
from routing.engine import Engine, load_engine
from routing.vakafdelingen import load_municipality

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "routing" / "model" / "corpus"
SHARES = ("h-gewoon.jsonl", "l-sociaal.jsonl")
ROUNDS, MESSAGES = 5, 300
GOALS = {"ms": 3.0, "per_second": 1500.0, "seconds": 2.0, "megabytes": 300.0, "learning": 120.0}
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing")
    parser.add_argument("--learn", action="store_true", help="measure learning too, once; takes minutes")
    console = Console(width=120)
    is_learning = parser.parse_args().learn
    many, leads = read_messages(SHARES)
    texts = many[:MESSAGES]
    router, predict = engine(), yardstick(many, leads)
    rounds = [(one_by_one(router.route, texts), one_by_one(lambda text: predict([text]), texts)) for _ in range(ROUNDS)]
    batches = [(spent(lambda: list(map(router.route, texts))), spent(lambda: predict(texts))) for _ in range(ROUNDS)]
    files = [(by_clock(lambda: in_parallel(many, router)), by_clock(lambda: predict(many))) for _ in range(ROUNDS)]
    loads = [(load(LOAD["engine"]), load(LOAD["yardstick"])) for _ in range(ROUNDS)]
    load_now = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    console.print(
        f"Python {platform.python_version()}, {platform.machine()}, {cores()} kernen, belasting {load_now}; "
        f"{len(many)} berichten uit {', '.join(SHARES)}, de eerste {MESSAGES} een voor een; {ROUNDS} rondes, medianen",
        highlight=False,
    )
    table = Table("wat", "motor", "maatstaf", "verhouding", "doel", "gehaald")
    each = 1000 / GOALS["per_second"]
    add(table, "een bericht, warm (ms van een kern)", rounds, GOALS["ms"])
    add(table, "partij (ms van een kern, per bericht)", [per(pair, MESSAGES) for pair in batches], each * cores())
    add(
        table,
        "bestand op alle kernen (ms op de klok, per bericht)",
        [per(pair, len(many)) for pair in files],
        each,
    )
    add(table, "laden (s van een kern)", [(one[0], other[0]) for one, other in loads], GOALS["seconds"])
    add(table, "geheugen na laden (MB)", [(one[1], other[1]) for one, other in loads], GOALS["megabytes"])
    if is_learning:
        learning = spent(learn_all) / 1000, spent(learn_yardstick) / 1000
        add(table, "het corpus leren (s rekentijd)", [learning], GOALS["learning"])
    console.print(table)
    per_second = len(many) * 1000 / statistics.median(ours for ours, _ in files)
    console.print(
        f"bestand op alle kernen: {per_second:.0f} berichten per seconde (doel {GOALS['per_second']:.0f})", highlight=False
    )


def read_messages(names: Sequence[str]) -> tuple[list[str], list[str]]:
    lines = [json.loads(line) for name in names for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()]
    return [line["text"] for line in lines], [line["lead"] for line in lines]


def engine() -> Engine:
    return load_engine(load_municipality())


def in_parallel(texts: Sequence[str], router: Engine) -> None:
    lines = (json.dumps({"id": number, "text": text}) for number, text in enumerate(texts))
    for _ in route_in_parallel(lines, router, cores()):
        pass


def yardstick(texts: Sequence[str], leads: Sequence[str]) -> Callable[[Sequence[str]], object]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    learned = make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)), LinearSVC()).fit(texts, leads)
    predict: Callable[[Sequence[str]], object] = learned.predict
    return predict


def learn_all() -> None:
    from routing.model.corpus import load_corpus
    from routing.model.learn import learn

    learn(load_corpus(), load_municipality())


def learn_yardstick() -> None:
    yardstick(*read_messages(sorted(file.name for file in CORPUS.glob("*.jsonl"))))


def one_by_one(answer: Callable[[str], object], texts: Sequence[str]) -> float:
    """The median over the messages, in milliseconds of processor time."""
    for text in texts[:50]:
        answer(text)
    return statistics.median(spent(partial(answer, text)) for text in texts)


def spent(work: Callable[[], object]) -> float:
    """Milliseconds of processor time of this process."""
    begin = time.process_time_ns()
    work()
    return (time.process_time_ns() - begin) / 1e6


def by_clock(work: Callable[[], object]) -> float:
    """Milliseconds until it was done."""
    begin = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - begin) / 1e6


def per(pair: tuple[float, float], number: int) -> tuple[float, float]:
    return pair[0] / number, pair[1] / number


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
