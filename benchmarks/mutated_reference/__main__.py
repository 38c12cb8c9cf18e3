"""first"""
import argparse, json, time
from pathlib import Path
from benchmarks.mutated_reference import places, runs

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", type=Path)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--only", nargs="*")
    o = parser.parse_args()
    done = {json.loads(l)["key"] for l in o.results.read_text().splitlines()} if o.results.exists() else set()
    todo = [m for mod in (o.only or places.modules()) for m in places.mutations(mod) if m.key not in done]
    print(len(todo), flush=True)
    start=time.time()
    with o.results.open("a") as f:
        for i,(m, by) in enumerate(runs.all_noticed(todo, o.workers)):
            f.write(json.dumps({"key": m.key, "by": by})+"\n"); f.flush()
            if not by: print(f"{i} {time.time()-start:.0f}s SURVIVES", m.line, m.key, flush=True)
if __name__ == "__main__":
    main()
