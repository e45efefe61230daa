/** The read that follows an event, on the shortest way: from the session to whoever waits, with no fiber in between. */
import * as Option from "effect/Option"
import * as Path from "../../model/Path.ts"
import type { Call } from "../../session/Session.ts"
import type { Operation } from "../../wire/Operation.ts"
import { NO_NODE, type View } from "../Attempt.ts"
import { note, type Reading } from "./read.ts"

interface Request {
  readonly path: string
  readonly watch: boolean
}

/** Who reads. */
export interface Rereader<Response, A> {
  /** The read is over: it found a state, or nothing is known. */
  readonly onReread: (reread: Reread<Response, A>) => void
}

export class Reread<Response, A> implements Call<Request, Response> {
  /** What the reader knew of when it read. */
  readonly upTo: number
  readonly connection: number
  /** What was found; undefined without an answer. */
  state: Option.Option<A> | undefined
  private readonly view: View
  private readonly path: string
  private readonly reading: Reading<Response, A>
  private readonly reader: Rereader<Response, A>

  constructor(view: View, path: string, reading: Reading<Response, A>, upTo: number, reader: Rereader<Response, A>) {
    this.view = view
    this.path = path
    this.reading = reading
    this.upTo = upTo
    this.connection = view.hub.connection
    this.reader = reader
  }

  get isPatient(): boolean {
    return true
  }

  get operation(): Operation<Request, Response> {
    return this.reading.operation
  }

  get request(): Request {
    return { path: Path.prepend(this.view.root, this.path), watch: false }
  }

  succeed(response: Response): void {
    this.found(Option.some(this.reading.value(response)), this.reading.found)
  }

  refuse(code: number): void {
    if (code === NO_NODE) this.found(Option.none(), "exist")
    else this.reader.onReread(this)
  }

  fail(): void {
    this.reader.onReread(this)
  }

  private found(state: Option.Option<A>, found: "data" | "child" | "exist"): void {
    note(this.view, this.path, found)
    this.state = state
    this.reader.onReread(this)
  }
}
