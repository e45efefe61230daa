/* The C client, single-threaded: bench WORKLOAD DEPTH HOST:PORT WARM_MS MS MAX_OPS prints the Result as JSON. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

#define MULTI 10

static zhandle_t *zh;
static const char *workload;
static char data[100];
static int depth, goes_on = 1, working, measuring;
static long count, samples, room;
static double *latencies, last;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void run(long worker);

static void done(int code, const void *worker) {
  if (code != ZOK) {
    fprintf(stderr, "%s: %s\n", workload, zerror(code));
    exit(1);
  }
  count++;
  if (depth == 1) {
    double at = now();
    if (measuring) {
      if (samples == room) latencies = realloc(latencies, (room = room ? room * 2 : 4096) * sizeof *latencies);
      latencies[samples++] = at - last;
    }
    last = at;
  }
  if (goes_on) run((long)worker);
  else working--;
}

static void on_data(int code, const char *v, int n, const struct Stat *s, const void *w) { done(code, w); }
static void on_stat(int code, const struct Stat *s, const void *w) { done(code, w); }
static void on_void(int code, const void *w) { done(code, w); }
static void on_children(int code, const struct String_vector *v, const struct Stat *s, const void *w) { done(code, w); }
static void on_created(int code, const char *path, const void *w) {
  char own[64];
  if (code != ZOK) return done(code, w);
  snprintf(own, sizeof own, "/bench/own/%ld", (long)w);
  zoo_adelete(zh, own, -1, on_void, w);
}

struct multi {
  long worker;
  zoo_op_t ops[MULTI];
  zoo_op_result_t results[MULTI];
  struct Stat stats[MULTI];
};

static char multi_paths[MULTI][32];

static void on_multi(int code, const void *of) {
  long worker = ((const struct multi *)of)->worker;
  free((void *)of);
  done(code, (void *)worker);
}

static void run(long worker) {
  const void *w = (const void *)worker;
  char own[64];
  int code = ZBADARGUMENTS;
  if (!strcmp(workload, "getData")) code = zoo_aget(zh, "/bench/data", 0, on_data, w);
  else if (!strcmp(workload, "getData100K")) code = zoo_aget(zh, "/bench/big", 0, on_data, w);
  else if (!strcmp(workload, "setData")) code = zoo_aset(zh, "/bench/data", data, sizeof data, -1, on_stat, w);
  else if (!strcmp(workload, "exists")) code = zoo_aexists(zh, "/bench/data", 0, on_stat, w);
  else if (!strcmp(workload, "children")) code = zoo_aget_children2(zh, "/bench/children", 0, on_children, w);
  else if (!strcmp(workload, "createDelete")) {
    snprintf(own, sizeof own, "/bench/own/%ld", worker);
    code = zoo_acreate(zh, own, data, sizeof data, &ZOO_OPEN_ACL_UNSAFE, 0, on_created, w);
  } else if (!strcmp(workload, "multi")) {
    struct multi *m = malloc(sizeof *m);
    m->worker = worker;
    for (int i = 0; i < MULTI; i++) zoo_set_op_init(&m->ops[i], multi_paths[i], data, sizeof data, -1, &m->stats[i]);
    code = zoo_amulti(zh, MULTI, m->ops, m->results, on_multi, m);
  }
  if (code != ZOK) {
    fprintf(stderr, "%s: %s\n", workload, zerror(code));
    exit(1);
  }
}

static void turn(void) {
  int fd, interest = 0, events = 0;
  struct timeval tv;
  zookeeper_interest(zh, &fd, &interest, &tv);
  struct pollfd p = {fd, 0, 0};
  if (interest & ZOOKEEPER_READ) p.events |= POLLIN;
  if (interest & ZOOKEEPER_WRITE) p.events |= POLLOUT;
  int wait = tv.tv_sec * 1000 + tv.tv_usec / 1000;
  poll(&p, fd < 0 ? 0 : 1, wait < 10 ? wait : 10);
  if (p.revents & (POLLIN | POLLHUP | POLLERR)) events |= ZOOKEEPER_READ;
  if (p.revents & POLLOUT) events |= ZOOKEEPER_WRITE;
  zookeeper_process(zh, events);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  workload = argv[1];
  depth = working = atoi(argv[2]);
  double warm = atof(argv[4]) * 1000, span = atof(argv[5]) * 1000;
  long most = atol(argv[6]);
  memset(data, 'B', sizeof data);
  for (int i = 0; i < MULTI; i++) snprintf(multi_paths[i], sizeof multi_paths[i], "/bench/multi/%d", i);
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  zh = zookeeper_init(argv[3], NULL, 10000, NULL, NULL, 0);
  while (zoo_state(zh) != ZOO_CONNECTED_STATE) turn();
  last = now();
  for (long worker = 0; worker < depth; worker++) run(worker);
  for (double begun = now(); now() - begun < warm;) turn();
  long from_count = count;
  double from = now(), from_cpu = cpu();
  measuring = 1;
  while (now() - from < span && count - from_count < most) turn();
  double ops = count - from_count, micros = now() - from, used = cpu() - from_cpu;
  goes_on = measuring = 0;
  while (working > 0) turn();
  printf("{\"ops\":%.0f,\"micros\":%.0f,\"cpuMicros\":%.0f", ops, micros, used);
  if (samples) {
    qsort(latencies, samples, sizeof *latencies, by_value);
    printf(",\"p50\":%f,\"p99\":%f", latencies[samples / 2], latencies[samples * 99 / 100]);
  }
  printf("}\n");
  return 0;
}
