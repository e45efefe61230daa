// Apache's own client, asynchronous calls: Bench WORKLOAD DEPTH HOST:PORT WARM_MS MS MAX_OPS prints the Result as JSON.

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.zookeeper.AsyncCallback.MultiCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

public class Bench {
  static final byte[] DATA = new byte[100];
  static final AtomicLong count = new AtomicLong();
  static final List<Double> latencies = Collections.synchronizedList(new ArrayList<>());
  static volatile boolean goesOn = true;
  static volatile boolean measuring = false;
  static ZooKeeper zk;
  static String workload;
  static int depth;
  static CountDownLatch ended;

  static double cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime() / 1000.0;
  }

  static void done(int worker, long begun, int code) {
    if (code != 0) {
      System.err.println(workload + ": code " + code);
      System.exit(1);
    }
    count.incrementAndGet();
    if (depth == 1 && measuring) latencies.add((System.nanoTime() - begun) / 1000.0);
    if (goesOn) run(worker);
    else ended.countDown();
  }

  static void run(int worker) {
    long begun = System.nanoTime();
    String own = "/bench/own/" + worker;
    switch (workload) {
      case "getData" -> zk.getData("/bench/data", false, (code, path, ctx, data, stat) -> done(worker, begun, code), null);
      case "getData100K" -> zk.getData("/bench/big", false, (code, path, ctx, data, stat) -> done(worker, begun, code), null);
      case "setData" -> zk.setData("/bench/data", DATA, -1, (code, path, ctx, stat) -> done(worker, begun, code), null);
      case "exists" -> zk.exists("/bench/data", false, (code, path, ctx, stat) -> done(worker, begun, code), null);
      case "createDelete" -> zk.create(own, DATA, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, (code, path, ctx, name) -> {
        if (code != 0) done(worker, begun, code);
        else zk.delete(own, -1, (deleted, gone, context) -> done(worker, begun, deleted), null);
      }, null);
      case "children" -> zk.getChildren("/bench/children", false, (code, path, ctx, names, stat) -> done(worker, begun, code), null);
      case "multi" -> {
        List<Op> ops = new ArrayList<>();
        for (int i = 0; i < 10; i++) ops.add(Op.setData("/bench/multi/" + i, DATA, -1));
        MultiCallback answered = (code, path, ctx, results) -> done(worker, begun, code);
        zk.multi(ops, answered, null);
      }
      default -> throw new IllegalArgumentException(workload);
    }
  }

  public static void main(String[] args) throws Exception {
    workload = args[0];
    depth = Integer.parseInt(args[1]);
    long warm = Long.parseLong(args[3]), span = Long.parseLong(args[4]), most = Long.parseLong(args[5]);
    ended = new CountDownLatch(depth);
    CountDownLatch connected = new CountDownLatch(1);
    zk = new ZooKeeper(args[2], 10_000, event -> {
      if (event.getState() == KeeperState.SyncConnected) connected.countDown();
    });
    connected.await();
    for (int worker = 0; worker < depth; worker++) run(worker);
    Thread.sleep(warm);
    measuring = true;
    long fromCount = count.get(), from = System.nanoTime();
    double fromCpu = cpu();
    while (System.nanoTime() - from < span * 1_000_000 && count.get() - fromCount < most) Thread.sleep(5);
    long ops = count.get() - fromCount;
    double micros = (System.nanoTime() - from) / 1000.0, cpuMicros = cpu() - fromCpu;
    goesOn = false;
    ended.await();
    String quantiles = "";
    if (!latencies.isEmpty()) {
      Collections.sort(latencies);
      quantiles = ",\"p50\":" + latencies.get(latencies.size() / 2) + ",\"p99\":" + latencies.get(latencies.size() * 99 / 100);
    }
    System.out.println("{\"ops\":" + ops + ",\"micros\":" + micros + ",\"cpuMicros\":" + cpuMicros + quantiles + "}");
    System.exit(0);
  }
}
