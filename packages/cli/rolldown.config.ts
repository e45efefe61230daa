import { defineConfig } from "rolldown"

/** One file that starts fast: read in pieces, effect and the client take three times as long to load. */
export default defineConfig({
  input: { zk: `${import.meta.dirname}/src/main.ts` },
  platform: "node",
  // A package of its own, for those who ask for it by --driver.
  external: ["node-zookeeper-client"],
  // Libraries load Config when it is used; this program always uses it.
  checks: { ineffectiveDynamicImport: false },
  output: {
    dir: `${import.meta.dirname}/dist`,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    minify: true
  }
})
