"""kazoo's recipes: recipes.py FOLDER WORKLOAD DEPTH HOST:PORT WARM_MS MS MAX_OPS prints a Result."""

import json
import resource
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])
from kazoo.client import KazooClient  # noqa: E402
from kazoo.recipe.cache import TreeCache, TreeEvent  # noqa: E402
from kazoo.recipe.lock import Lock  # noqa: E402

workload, depth, connect = sys.argv[2], int(sys.argv[3]), sys.argv[4]
warm, span, most = (int(each) for each in sys.argv[5:8])


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


client = KazooClient(hosts=connect, timeout=10)
client.start()
count = 0
latencies = []


def measure():
    time.sleep(warm / 1000)
    latencies.clear()
    from_count, from_cpu, begun = count, cpu(), time.perf_counter()
    while time.perf_counter() - begun < span / 1000 and count - from_count < most:
        time.sleep(0.005)
    return {
        "ops": count - from_count,
        "micros": (time.perf_counter() - begun) * 1e6,
        "cpuMicros": cpu() - from_cpu,
    }


def locks():
    goes_on = True

    def run():
        global count
        lock = Lock(client, "/bench/lock")
        while goes_on:
            begun = time.perf_counter()
            with lock:
                count += 1
            if depth == 1:
                latencies.append((time.perf_counter() - begun) * 1e6)

    holders = 1 if workload == "lock" else depth + 1
    threads = [threading.Thread(target=run) for _ in range(holders)]
    for thread in threads:
        thread.start()
    result = measure()
    goes_on = False
    if latencies:
        ordered = sorted(latencies)
        result["p50"], result["p99"] = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    for thread in threads:
        thread.join()
    return result


def tree():
    filled = threading.Event()

    def listen(event):
        global count
        if event.event_type == TreeEvent.INITIALIZED:
            filled.set()
        elif event.event_type == TreeEvent.NODE_UPDATED and filled.is_set():
            count += 1

    before, begun = resident(), time.perf_counter()
    cache = TreeCache(client, "/bench/tree")
    cache.listen(listen)
    cache.start()
    filled.wait()
    fill = (time.perf_counter() - begun) * 1e6 / depth
    rss = (resident() - before) / depth
    # The other process begins to write when this is there.
    client.create("/bench/following", ephemeral=True)
    return {**measure(), "fillMicros": fill, "rssBytes": rss}


result = tree() if workload == "treeCache" else locks()
print(json.dumps(result), flush=True)
client.stop()
