/** Uses up the time that nobody else wants, for as long as its standard input is open. See cores.ts. */
const spin = () => {
  const until = performance.now() + 20
  while (performance.now() < until);
  setImmediate(spin)
}

process.stdin.resume().once("end", () => process.exit(0))
spin()
