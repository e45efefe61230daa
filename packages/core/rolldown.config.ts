import { globSync } from "node:fs"
import { defineConfig } from "rolldown"
import manifest from "./package.json" with { type: "json" }

/** The sources that are modules for users: what `exports` names, by its path in src. */
const entries = Object.values(manifest.exports).flatMap((target) =>
  typeof target === "string"
    ? []
    : globSync(target.default.replace("./dist/", "").replace(/\.js$/, ".ts").replace("*", "**/*"), {
        cwd: `${import.meta.dirname}/src`
      })
)

/**
 * A client in three files: in 120 of them it takes 7 MiB more of memory and nearly three times as long to load. Every
 * module is in one file only, so that a class is the same wherever it is imported from. What brings more of effect or of
 * Node along stays by itself.
 */
export default defineConfig({
  input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ""), `${import.meta.dirname}/src/${file}`])),
  platform: "node",
  external: [/^effect\//, "node-zookeeper-client"],
  output: {
    dir: `${import.meta.dirname}/dist`,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    sourcemap: true,
    sourcemapExcludeSources: true,
    comments: { jsdoc: false },
    codeSplitting: {
      groups: [
        { name: "model", test: /core\/src\/model\// },
        { name: "wire", test: /core\/src\/wire\// },
        { name: "client", test: /core\/src\/(transport|session|client)\/(?!(tls|DigestMd5|SessionStore|ZNode)\.ts)/ }
      ]
    }
  }
})
