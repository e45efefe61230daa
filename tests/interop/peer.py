"""kazoo as the other party of a test: one command a line on stdin, one answer a line on stdout."""
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.recipe.election import Election
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
    raise ValueError(command)


print("ready", flush=True)
for line in sys.stdin:
    try:
        answer = perform(*line.split())
        print(str(answer).lower() if isinstance(answer, bool) else answer, flush=True)
    except Exception as error:
        print("error", repr(error), flush=True)
client.stop()
