"""What kazoo's users do, against the server at argv[1]: one scenario, named by argv[2]. It ends with 0 if all was as expected."""
import logging
import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    BadVersionError, NoAuthError, NodeExistsError, NoNodeError, NotEmptyError, RolledBackError, RuntimeInconsistency,
)
from kazoo.protocol.connection import _CONNECTION_DROP
from kazoo.protocol.states import EventType
from kazoo.recipe.party import ShallowParty
from kazoo.security import make_acl, make_digest_acl

logging.disable(logging.CRITICAL)
HOSTS = sys.argv[1]


def connect(**options):
    client = KazooClient(hosts=HOSTS, timeout=5.0, **options)
    client.start(timeout=20)
    return client


def wait(condition, what):
    deadline = time.time() + 30
    while time.time() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("did not happen: " + what)


def fails(error, f, *args, **options):
    try:
        f(*args, **options)
    except error:
        return
    raise AssertionError("%s did not fail with %s" % (f.__name__, error.__name__))


def sessions():
    zk = connect()
    states = []
    zk.add_listener(states.append)
    session = zk.client_id[0]
    zk.create("/e", b"", ephemeral=True)
    zk._call(_CONNECTION_DROP, zk.handler.async_result())
    wait(lambda: states[-2:] == [KazooState.SUSPENDED, KazooState.CONNECTED], "a reconnect")
    assert zk.client_id[0] == session
    assert zk.exists("/e").ephemeralOwner == session
    client_id = zk.client_id
    zk.stop()
    other = connect()
    assert other.exists("/e") is None
    # A session that is gone is not resumed: the client gets a new one.
    second = connect(client_id=client_id)
    assert second.client_id[0] != session
    second.restart()
    second.create("/f", b"", ephemeral=True)
    second.stop()
    wait(lambda: other.exists("/f") is None, "the ephemeral goes with its session")
    other.stop()


def operations():
    zk = connect()
    assert zk.create("/a", b"1") == "/a"
    fails(NodeExistsError, zk.create, "/a")
    path, stat = zk.create("/a/b", b"", include_data=True)
    assert path == "/a/b" and stat.version == 0
    assert zk.create("/a/s-", sequence=True) == "/a/s-0000000001"
    assert zk.create("/deep/er/node", makepath=True) == "/deep/er/node"
    zk.ensure_path("/deep/est")
    data, stat = zk.get("/a")
    assert data == b"1" and stat.numChildren == 2 and stat.dataLength == 1
    assert zk.set("/a", b"22", version=0).version == 1
    fails(BadVersionError, zk.set, "/a", b"3", version=0)
    fails(NoNodeError, zk.get, "/none")
    assert sorted(zk.get_children("/a")) == ["b", "s-0000000001"]
    children, stat = zk.get_children("/a", include_data=True)
    assert len(children) == 2 and stat.cversion == 2
    fails(NotEmptyError, zk.delete, "/a")
    zk.delete("/a", recursive=True)
    assert zk.exists("/a") is None
    assert zk.sync("/deep") == "/deep"
    acls, stat = zk.get_acls("/deep")
    assert acls[0].id.scheme == "world"
    zk.set_acls("/deep/est", [make_digest_acl("u", "p", all=True)])
    fails(NoAuthError, zk.set, "/deep/est", b"")
    zk.add_auth("digest", "u:p")
    zk.set("/deep/est", b"mine")
    zk.set_acls("/deep/est", [make_acl("world", "anyone", read=True)])
    t = zk.transaction()
    t.create("/t", b"x")
    t.set_data("/t", b"y", version=0)
    t.check("/t", version=1)
    t.delete("/t", version=1)
    results = t.commit()
    assert results[0] == "/t" and results[1].version == 1 and results[2] is True and results[3] is True, results
    t = zk.transaction()
    t.create("/t", b"x")
    t.check("/none", version=0)
    t.create("/u", b"x")
    results = t.commit()
    assert [type(r) for r in results] == [RolledBackError, NoNodeError, RuntimeInconsistency], results
    assert zk.exists("/t") is None
    pending = [zk.create_async("/n%d" % i, b"") for i in range(500)]
    assert [p.get(timeout=20) for p in pending] == ["/n%d" % i for i in range(500)]
    assert zk.command(b"ruok") == "imok"
    assert "Mode: standalone" in zk.command(b"srvr")
    assert zk.server_version()[:2] == (3, 8)
    big = bytes(bytearray(i % 251 for i in range(900000)))
    zk.create("/big", big)
    assert zk.get("/big")[0] == big
    zk.stop()


def watches():
    zk, other = connect(), connect()
    events = []
    assert zk.exists("/w", watch=events.append) is None
    other.create("/w", b"1")
    wait(lambda: len(events) == 1, "creation")
    assert events[0].type == EventType.CREATED and events[0].path == "/w"
    zk.get("/w", watch=events.append)
    other.set("/w", b"2")
    wait(lambda: len(events) == 2, "change")
    zk.get_children("/w", watch=events.append)
    other.create("/w/c")
    wait(lambda: len(events) == 3, "child")
    assert [e.type for e in events[1:]] == [EventType.CHANGED, EventType.CHILD]
    values, names = [], []
    zk.DataWatch("/w", lambda data, stat: values.append(data))
    zk.ChildrenWatch("/w", lambda children: names.append(sorted(children)))
    other.set("/w", b"3")
    wait(lambda: values[-1] == b"3", "the data watch")
    zk._call(_CONNECTION_DROP, zk.handler.async_result())
    other.set("/w", b"4")
    other.create("/w/d")
    wait(lambda: values[-1] == b"4", "the data watch after a reconnect")
    wait(lambda: names[-1] == ["c", "d"], "the children watch after a reconnect")
    zk.stop()
    other.stop()


def recipes():
    clients = [connect() for _ in range(3)]
    inside, most, log = [0], [0], []

    def work(client, name, make, times, limit):
        for _ in range(times):
            with make(client, name):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                assert inside[0] <= limit, inside
                time.sleep(0.005)
                log.append(name)
                inside[0] -= 1

    def together(make, times, limit):
        failures = []

        def run(client, name):
            try:
                work(client, name, make, times, limit)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(c, "c%d" % i)) for i, c in enumerate(clients)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        assert not failures and not any(t.is_alive() for t in threads), failures

    together(lambda c, n: c.Lock("/lock", n), 10, 1)
    assert len(log) == 30
    together(lambda c, n: c.WriteLock("/rw", n), 5, 1)
    together(lambda c, n: c.ReadLock("/rw", n), 5, 3)
    together(lambda c, n: c.Semaphore("/sem", n, max_leases=2), 5, 2)
    a, b, c = clients
    lock = a.Lock("/lock", "a")
    assert lock.acquire()
    assert not b.Lock("/lock", "b").acquire(blocking=False)
    assert b.Lock("/lock", "b").contenders() == ["a"]
    lock.release()
    counters = [threading.Thread(target=lambda z: [z.Counter("/count") + 1 for _ in range(10)], args=(z,)) for z in clients]
    for t in counters:
        t.start()
    for t in counters:
        t.join(60)
    assert a.Counter("/count").value == 30, a.Counter("/count").value
    queue = a.LockingQueue("/queue")
    queue.put_all([b"1", b"2"])
    assert b.LockingQueue("/queue").get(timeout=10) in (b"1", b"2")
    simple = a.Queue("/simple")
    simple.put(b"x")
    assert b.Queue("/simple").get() == b"x"
    parties = [ShallowParty(z, "/party", "m%d" % i) for i, z in enumerate(clients)]
    for p in parties:
        p.join()
    assert sorted(parties[0]) == ["m0", "m1", "m2"]
    led = []
    elections = [z.Election("/election", "m%d" % i) for i, z in enumerate(clients)]
    threads = [threading.Thread(target=e.run, args=(led.append, i)) for i, e in enumerate(elections)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert sorted(led) == [0, 1, 2]
    barrier = a.Barrier("/barrier")
    barrier.create()
    threading.Timer(0.1, barrier.remove).start()
    assert b.Barrier("/barrier").wait(timeout=20)
    doubles = [threading.Thread(target=lambda z: (z.DoubleBarrier("/double", 3).enter()), args=(z,)) for z in clients]
    for t in doubles:
        t.start()
    for t in doubles:
        t.join(60)
    assert not any(t.is_alive() for t in doubles)
    for z in clients:
        z.stop()


{"sessions": sessions, "operations": operations, "watches": watches, "recipes": recipes}[sys.argv[2]]()
