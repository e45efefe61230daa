import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicInteger;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedIdQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.MultiItem;
import org.apache.curator.framework.recipes.queue.QueueBase;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceProvider;
import org.apache.curator.x.discovery.UriSpec;
import org.apache.curator.x.discovery.details.JsonInstanceSerializer;

/** Curator as the other party of a test: one command a line on stdin, one answer a line on stdout. */
public final class Peer {
    private static final Map<String, Object> things = new HashMap<>();
    private static final Map<String, Lease> leases = new HashMap<>();
    /** The locks that were asked for. */
    private static final Set<Object> asked = ConcurrentHashMap.newKeySet();

    /** A queue that is consumed in a thread of Curator's, one item at a time: each is shown, and done with when it is told. */
    private static final class Consumer implements QueueConsumer<String>, QueueSerializer<String> {
        private final SynchronousQueue<String> shown = new SynchronousQueue<>();
        private final SynchronousQueue<Boolean> told = new SynchronousQueue<>();
        private final QueueBase<String> queue;

        Consumer(CuratorFramework client, String kind, String path) throws Exception {
            QueueConsumer<String> consumer = kind.endsWith("producer") ? null : this;
            queue = build(QueueBuilder.builder(client, consumer, this, path).lockPath(path + "-locks"), kind);
            queue.start();
        }

        private static QueueBase<String> build(QueueBuilder<String> builder, String kind) {
            if (kind.startsWith("priority-")) return builder.buildPriorityQueue(0);
            if (kind.startsWith("delay-")) return builder.buildDelayQueue();
            if (kind.startsWith("id-")) return builder.buildIdQueue();
            return builder.buildQueue();
        }

        void offer(String[] words) throws Exception {
            if (queue instanceof DistributedPriorityQueue)
                ((DistributedPriorityQueue<String>) queue).put(words[2], Integer.parseInt(words[3]));
            else if (queue instanceof DistributedDelayQueue)
                ((DistributedDelayQueue<String>) queue).put(words[2], Long.parseLong(words[3]));
            else if (queue instanceof DistributedIdQueue) ((DistributedIdQueue<String>) queue).put(words[2], words[3]);
            else if (words.length == 3) ((DistributedQueue<String>) queue).put(words[2]);
            else ((DistributedQueue<String>) queue).putMulti(several(words));
            if (!queue.flushPuts(30, TimeUnit.SECONDS)) throw new IllegalStateException("not put in");
        }

        int remove(String id) throws Exception {
            return ((DistributedIdQueue<String>) queue).remove(id);
        }

        private static MultiItem<String> several(String[] words) {
            return new MultiItem<String>() {
                private int next = 2;

                @Override
                public String nextItem() {
                    return next < words.length ? words[next++] : null;
                }
            };
        }

        @Override
        public void consumeMessage(String item) throws Exception {
            shown.put(item);
            if (!told.take()) throw new IllegalStateException("given back");
        }

        @Override
        public void stateChanged(CuratorFramework client, ConnectionState state) {}

        @Override
        public byte[] serialize(String item) {
            return item.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String deserialize(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** What an instance of a service tells besides where it is, as a class of this program's. */
    public static final class Weight {
        public int weight;

        @Override
        public String toString() {
            return "weight " + weight;
        }
    }

    /** One instance of `web`, which is this program, and those that it chooses from. */
    private static final class Service {
        private final ServiceDiscovery<Object> discovery;
        private final ServiceProvider<Object> provider;
        private ServiceInstance<Object> mine;

        Service(CuratorFramework client, String kind, String path, String id) throws Exception {
            // By default it leaves out whether an instance is enabled.
            boolean isCompatible = kind.equals("service");
            discovery = ServiceDiscoveryBuilder.builder(Object.class)
                .client(client)
                .basePath(path)
                .serializer(new JsonInstanceSerializer<>(Object.class, isCompatible))
                .build();
            discovery.start();
            provider = discovery.serviceProviderBuilder().serviceName("web").build();
            provider.start();
            mine = instance(id, true, 1);
        }

        private static ServiceInstance<Object> instance(String id, boolean isEnabled, int weight) throws Exception {
            Weight payload = new Weight();
            payload.weight = weight;
            return ServiceInstance.builder()
                .name("web")
                .id(id)
                .address("10.0.0.1")
                .port(80)
                .payload(payload)
                .uriSpec(new UriSpec("{scheme}://{address}:{port}/{id}"))
                .enabled(isEnabled)
                .build();
        }

        void update(int weight, boolean isEnabled) throws Exception {
            mine = instance(mine.getId(), isEnabled, weight);
            discovery.updateService(mine);
        }

        private static String shown(ServiceInstance<Object> instance) {
            String uri = instance.buildUriSpec();
            return instance.getId() + "=" + uri + "=" + instance.getPayload() + "=" + instance.isEnabled();
        }

        String all() throws Exception {
            TreeSet<String> all = new TreeSet<>();
            for (ServiceInstance<Object> each : discovery.queryForInstances("web")) all.add(shown(each));
            return String.join(",", all);
        }

        String chosen() throws Exception {
            TreeSet<String> ids = new TreeSet<>();
            for (ServiceInstance<Object> each : provider.getAllInstances()) ids.add(each.getId());
            return String.join(",", ids);
        }
    }

    public static void main(String[] args) throws Exception {
        CuratorFramework client =
            CuratorFrameworkFactory.newClient(args[0], 10_000, 15_000, new ExponentialBackoffRetry(100, 5));
        client.start();
        client.blockUntilConnected();
        System.out.println("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            try {
                System.out.println(perform(client, line.split(" ")));
            } catch (Exception error) {
                System.out.println("error " + error);
            }
        }
        client.close();
    }

    private static Object perform(CuratorFramework client, String[] words) throws Exception {
        String name = words[1];
        if (words[0].equals("new")) {
            things.put(name, make(client, words[2], words[3], words[4]));
            return "ok";
        }
        Object thing = things.get(name);
        switch (words[0]) {
            case "acquire": {
                long millis = Math.round(1000 * Double.parseDouble(words[2]));
                if (thing instanceof InterProcessSemaphoreV2) {
                    Lease lease = ((InterProcessSemaphoreV2) thing).acquire(millis, TimeUnit.MILLISECONDS);
                    if (lease != null) leases.put(name, lease);
                    return lease != null;
                }
                // A release makes it deaf again.
                if (thing instanceof InterProcessMutex) ((InterProcessMutex) thing).makeRevocable(asked::add);
                return ((InterProcessLock) thing).acquire(millis, TimeUnit.MILLISECONDS);
            }
            case "release":
                if (thing instanceof InterProcessSemaphoreV2) leases.remove(name).close();
                else ((InterProcessLock) thing).release();
                return "ok";
            case "isAsked":
                return asked.contains(thing);
            case "askBack":
                for (String node : ((InterProcessMutex) thing).getParticipantNodes()) Revoker.attemptRevoke(client, node);
                return "ok";
            case "leads":
                return ((LeaderLatch) thing).hasLeadership();
            case "resign":
                ((LeaderLatch) thing).close();
                return "ok";
            case "join":
                if (thing instanceof Service) ((Service) thing).discovery.registerService(((Service) thing).mine);
                else ((GroupMember) thing).start();
                return "ok";
            case "leave":
                if (thing instanceof DistributedDoubleBarrier) ((DistributedDoubleBarrier) thing).leave();
                else if (thing instanceof Service) ((Service) thing).discovery.unregisterService(((Service) thing).mine);
                else ((GroupMember) thing).close();
                return "ok";
            case "offer":
                if (thing instanceof Consumer) ((Consumer) thing).offer(words);
                else ((SimpleDistributedQueue) thing).offer(words[2].getBytes(StandardCharsets.UTF_8));
                return "ok";
            case "take": {
                long millis = Math.round(1000 * Double.parseDouble(words[2]));
                if (thing instanceof Consumer) {
                    String item = ((Consumer) thing).shown.poll(millis, TimeUnit.MILLISECONDS);
                    return item == null ? "none" : item;
                }
                byte[] item = ((SimpleDistributedQueue) thing).poll(millis, TimeUnit.MILLISECONDS);
                return item == null ? "none" : new String(item, StandardCharsets.UTF_8);
            }
            case "consume":
                ((Consumer) thing).told.put(true);
                return true;
            case "remove":
                return ((Consumer) thing).remove(words[2]);
            case "giveBack":
                ((Consumer) thing).told.put(false);
                return true;
            case "update":
                ((Service) thing).update(Integer.parseInt(words[2]), Boolean.parseBoolean(words[3]));
                return "ok";
            case "chosen":
                return ((Service) thing).chosen();
            case "members":
                if (thing instanceof Service) return ((Service) thing).all();
                return String.join(",", new TreeSet<>(((GroupMember) thing).getCurrentMembers().keySet()));
            case "value":
                if (thing instanceof SharedCount) return ((SharedCount) thing).getCount();
                if (thing instanceof DistributedAtomicLong) return valueOf(((DistributedAtomicLong) thing).get());
                return valueOf(((DistributedAtomicInteger) thing).get());
            case "add": {
                int n = Integer.parseInt(words[2]);
                if (thing instanceof DistributedAtomicLong) return valueOf(((DistributedAtomicLong) thing).add((long) n));
                if (thing instanceof DistributedAtomicInteger) return valueOf(((DistributedAtomicInteger) thing).add(n));
                SharedCount count = (SharedCount) thing;
                while (!count.trySetCount(count.getVersionedValue(), count.getCount() + n)) Thread.yield();
                return count.getCount();
            }
            case "raise":
                ((DistributedBarrier) thing).setBarrier();
                return "ok";
            case "lower":
                ((DistributedBarrier) thing).removeBarrier();
                return "ok";
            case "wait": {
                long millis = Math.round(1000 * Double.parseDouble(words[2]));
                return ((DistributedBarrier) thing).waitOnBarrier(millis, TimeUnit.MILLISECONDS);
            }
            case "enter":
                ((DistributedDoubleBarrier) thing).enter();
                return "ok";
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private static Object valueOf(AtomicValue<?> value) {
        if (!value.succeeded()) throw new IllegalStateException("outrun");
        return value.postValue();
    }

    private static Object make(CuratorFramework client, String kind, String path, String id) throws Exception {
        switch (kind) {
            case "lock":
                return new InterProcessMutex(client, path);
            case "read":
                return new InterProcessReadWriteLock(client, path).readLock();
            case "write":
                return new InterProcessReadWriteLock(client, path).writeLock();
            case "multi":
                return new InterProcessMultiLock(client, List.of(path + "/a", path + "/b"));
            case "semaphore":
                return new InterProcessSemaphoreV2(client, path, 2);
            case "barrier":
                return new DistributedBarrier(client, path);
            case "double":
                return new DistributedDoubleBarrier(client, path, 2);
            case "candidate": {
                LeaderLatch latch = new LeaderLatch(client, path, id);
                latch.start();
                return latch;
            }
            case "int64":
                return new DistributedAtomicLong(client, path, new RetryNTimes(1000, 5));
            case "int32":
                return new DistributedAtomicInteger(client, path, new RetryNTimes(1000, 5));
            case "shared": {
                SharedCount count = new SharedCount(client, path, 0);
                count.start();
                return count;
            }
            case "queue":
            case "producer":
            case "priority-queue":
            case "delay-queue":
            case "delay-producer":
            case "id-queue":
            case "id-producer":
                return new Consumer(client, kind, path);
            case "simple-queue":
                return new SimpleDistributedQueue(client, path);
            case "service":
            case "enabled-service":
                return new Service(client, kind, path, id);
            case "group":
                return new GroupMember(client, path, id, id.getBytes(StandardCharsets.UTF_8));
            default:
                throw new IllegalArgumentException(kind);
        }
    }
}
