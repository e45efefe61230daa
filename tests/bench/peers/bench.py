"""kazoo on the workloads of the bench: bench.py FOLDER WORKLOAD DEPTH HOST:PORT WARM_MS MS MAX_OPS prints a Result."""

import json
import resource
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])
from kazoo.client import KazooClient  # noqa: E402

workload, depth, connect = sys.argv[2], int(sys.argv[3]), sys.argv[4]
warm, span, most = (int(each) for each in sys.argv[5:8])
DATA = b"B" * 100


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


def multi(client):
    transaction = client.transaction()
    for i in range(10):
        transaction.set_data(f"/bench/multi/{i}", DATA)
    return transaction.commit_async()


client = KazooClient(hosts=connect, timeout=10)
client.start()
operations = {
    "getData": lambda worker: client.get_async("/bench/data"),
    "getData100K": lambda worker: client.get_async("/bench/big"),
    "setData": lambda worker: client.set_async("/bench/data", DATA),
    "exists": lambda worker: client.exists_async("/bench/data"),
    "createDelete": lambda worker: client.create_async(f"/bench/own/{worker}", DATA),
    "children": lambda worker: client.get_children_async("/bench/children", include_data=True),
    "multi": lambda worker: multi(client),
}
start = operations[workload]
count = 0
goes_on = True
failed = []
latencies = []
ended = threading.Semaphore(0)


def run(worker):
    begun = time.perf_counter()

    def done(answer):
        global count
        if answer.exception is not None:
            failed.append(answer.exception)
            return ended.release()
        if workload == "createDelete" and isinstance(answer.value, str):
            return client.delete_async(f"/bench/own/{worker}").rawlink(done)
        count += 1
        if depth == 1:
            latencies.append((time.perf_counter() - begun) * 1e6)
        if goes_on:
            run(worker)
        else:
            ended.release()

    start(worker).rawlink(done)


for worker in range(depth):
    run(worker)
time.sleep(warm / 1000)
latencies.clear()
from_count, from_cpu, begun = count, cpu(), time.perf_counter()
while time.perf_counter() - begun < span / 1000 and count - from_count < most and not failed:
    time.sleep(0.005)
result = {
    "ops": count - from_count,
    "micros": (time.perf_counter() - begun) * 1e6,
    "cpuMicros": cpu() - from_cpu,
}
goes_on = False
for _ in range(depth):
    ended.acquire()
if failed:
    sys.exit(f"{workload}: {failed[0]!r}")
if latencies:
    latencies.sort()
    result["p50"], result["p99"] = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
print(json.dumps(result), flush=True)
client.stop()
