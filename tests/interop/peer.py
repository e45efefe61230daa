"""kazoo as the other party of a test: one command a line on stdin, one answer a line on stdout."""
import datetime
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.recipe.counter import Counter
from kazoo.recipe.barrier import Barrier, DoubleBarrier
from kazoo.recipe.election import Election
from kazoo.recipe.lease import MultiNonBlockingLease, NonBlockingLease
from kazoo.recipe.lock import Lock, ReadLock, Semaphore, WriteLock
from kazoo.recipe.party import Party, ShallowParty
from kazoo.recipe.queue import LockingQueue, Queue


# The subclasses of docs/interop.md: kazoo on the names of Curator.
class CuratorLock(Lock):
    _NODE_NAME = "-lock-"
    _EXCLUDE_NAMES = ["-lock-"]


class CuratorReadLock(ReadLock):
    _NODE_NAME = "__READ__"
    _EXCLUDE_NAMES = ["__WRIT__"]


class CuratorWriteLock(WriteLock):
    _NODE_NAME = "__WRIT__"
    _EXCLUDE_NAMES = ["__WRIT__", "__READ__"]


class Candidate:
    """An election that runs in a thread of its own and leads until it is told to resign."""

    def __init__(self, client, path, identifier):
        self.election = Election(client, path, identifier)
        self.leads = False
        self.resigned = threading.Event()
        self.thread = threading.Thread(target=self.election.run, args=(self.lead,), daemon=True)
        self.thread.start()

    def lead(self):
        self.leads = True
        self.resigned.wait()
        self.leads = False

    def resign(self):
        self.election.cancel()
        self.resigned.set()
        self.thread.join()


class Partition:
    """A member of a SetPartitioner that releases and acquires as kazoo's documentation has it, in a thread of its own."""

    ITEMS = ("a", "b", "c", "d", "e", "f")

    def __init__(self, client, path, identifier):
        self.make = lambda: client.SetPartitioner(
            path, set=self.ITEMS, identifier=identifier, time_boundary=0.3, max_reaction_time=0.3
        )

    def join(self):
        self.partitioner = self.make()
        self.left = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.left.wait(0.02) and not self.partitioner.failed:
            if self.partitioner.release:
                self.partitioner.release_set()

    def leave(self):
        self.left.set()
        self.thread.join()
        self.partitioner.finish()

    def __iter__(self):
        if self.partitioner.failed:
            raise RuntimeError("the partitioner has failed")
        return iter(list(self.partitioner) if self.partitioner.acquired else [])


class Lease:
    """A lease that is asked for when it is told to, for so many seconds."""

    def __init__(self, client, path, identifier, count=None):
        self.client, self.path, self.identifier, self.count = client, path, identifier, count

    def acquire(self, timeout):
        duration = datetime.timedelta(seconds=timeout)
        if self.count is None:
            return bool(NonBlockingLease(self.client, self.path, duration, self.identifier))
        return bool(MultiNonBlockingLease(self.client, self.count, self.path, duration, self.identifier))


LOCKS = {
    "lock": Lock,
    "read": ReadLock,
    "write": WriteLock,
    "curator-lock": CuratorLock,
    "curator-read": CuratorReadLock,
    "curator-write": CuratorWriteLock,
}

client = KazooClient(hosts=sys.argv[1])
client.start()
things = {}


def perform(command, name, *args):
    if command == "new":
        kind, path, identifier = args
        if kind in LOCKS:
            things[name] = LOCKS[kind](client, path, identifier)
        elif kind == "semaphore":
            things[name] = Semaphore(client, path, identifier, max_leases=2)
        elif kind in ("lease", "leases"):
            things[name] = Lease(client, path, identifier, 2 if kind == "leases" else None)
        elif kind in ("decimal", "int32"):
            things[name] = Counter(client, path, support_curator=kind == "int32")
        elif kind == "partition":
            things[name] = Partition(client, path, identifier)
        elif kind == "barrier":
            things[name] = Barrier(client, path)
        elif kind == "double":
            things[name] = DoubleBarrier(client, path, 2, identifier)
        elif kind == "candidate":
            things[name] = Candidate(client, path, identifier)
        elif kind in ("queue", "lossy-queue"):
            things[name] = (LockingQueue if kind == "queue" else Queue)(client, path)
        else:
            things[name] = (Party if kind == "party" else ShallowParty)(client, path, identifier)
        return "ok"
    thing = things[name]
    if command == "acquire":
        try:
            return thing.acquire(timeout=float(args[0]))
        except LockTimeout:
            return False
    if command == "release":
        return thing.release()
    if command == "leads":
        return thing.leads
    if command == "resign":
        return thing.resign() or "ok"
    if command == "join":
        return thing.join() or "ok"
    if command == "leave":
        return thing.leave() or "ok"
    if command == "offer":
        return thing.put(*[args[0].encode(), *map(int, args[1:])]) or "ok"
    if command == "take":
        value = thing.get(timeout=float(args[0]))
        return "none" if value is None else value.decode()
    if command == "consume":
        return thing.consume()
    if command == "giveBack":
        return thing.release()
    if command == "members":
        return ",".join(sorted(thing))
    if command == "value":
        return thing.value
    if command == "add":
        thing += int(args[0])
        return thing.post_value
    if command == "raise":
        return thing.create() or "ok"
    if command == "lower":
        return thing.remove()
    if command == "wait":
        return thing.wait(float(args[0]))
    if command == "enter":
        thing.enter()
        return thing.participating
    raise ValueError(command)


print("ready", flush=True)
for line in sys.stdin:
    try:
        answer = perform(*line.split())
        print(str(answer).lower() if isinstance(answer, bool) else answer, flush=True)
    except Exception as error:
        print("error", repr(error), flush=True)
client.stop()
