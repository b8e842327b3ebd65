"""Clusters of many questions: `riposte eval clusters-growth` and scikit-learn's HDBSCAN on the same vectors, one after the other.

    python3 -m venv .venv && .venv/bin/pip install -r eval/bench/requirements.txt
    .venv/bin/python eval/bench/clusters.py QUESTIONS.jsonl --riposte target/release/riposte [--sizes 10000 100000 300000]

QUESTIONS.jsonl: JSON lines with `text`. Every size runs in processes of its own, so that peak memory is that size's. HDBSCAN compares all pairs; where
it is not done after --patience seconds it is stopped and reported as such. Prints one JSON object.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time


def reference(file: str, rows: int) -> None:
    """Runs in a process of its own: clusters the vectors in `file` and prints seconds and peak megabytes."""
    import numpy
    from sklearn.cluster import HDBSCAN

    vectors = numpy.fromfile(file, dtype="<f4").reshape(rows, -1)
    started = time.monotonic()
    labels = HDBSCAN(min_cluster_size=5, n_jobs=-1, copy=False).fit_predict(vectors)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "k": int(labels.max() + 1)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions")
    parser.add_argument("--riposte", default="riposte")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 300_000])
    parser.add_argument("--patience", type=float, default=1800)
    arguments = parser.parse_args()
    report = {"cpus": os.cpu_count(), "sizes": {}}
    with tempfile.TemporaryDirectory() as folder:
        vectors = os.path.join(folder, "vectors.f32")
        for size in arguments.sizes:
            command = [arguments.riposte, "eval", "clusters-growth", arguments.questions, "--questions", str(size), "--vectors", vectors, "--json", "-"]
            ran = subprocess.run(command, check=True, capture_output=True, text=True)
            figures = json.loads(ran.stdout)["systems"]["riposte"]
            try:
                child = subprocess.run(
                    [sys.executable, __file__, "--reference", vectors, str(size)], capture_output=True, text=True, timeout=arguments.patience
                )
                beside = json.loads(child.stdout) if child.returncode == 0 else {"failed": child.stderr.strip().splitlines()[-1:] or child.returncode}
            except subprocess.TimeoutExpired:
                beside = {"stopped_after_seconds": arguments.patience}
            report["sizes"][size] = {"riposte": figures, "hdbscan": beside}
            print(json.dumps({size: report["sizes"][size]}), file=sys.stderr, flush=True)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--reference"]:
        reference(sys.argv[2], int(sys.argv[3]))
    else:
        main()
