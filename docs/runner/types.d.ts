// The types that the page's modules share. Only the type checker reads it: no page loads it.

type Need = "python" | "pytest" | "postgresql" | "django" | "live" | "shop" | "invoices" | "gatekeeper" | "editor";

/** What the build found that can run on a page. */
interface Facts {
  /** Needs by a record's first two lines. */
  run: Record<string, Need[]>;
  /** Names of editable files. */
  edit: string[];
  /** Needs by exercise. */
  judge: Record<string, Need[]>;
  /** Exercises with a lab. */
  labs: string[];
  /** Titles of blocks of SQL to explain. */
  explain: string[];
  /** Records and exercises that run on SQLite, or on PostgreSQL if the reader likes. */
  switch: string[];
  bytes: Record<Need, number>;
  /** Address of the editor's module. */
  editor: string;
}

/** A button under a block, and what it is for. */
interface Place {
  block: Element;
  bar: HTMLElement;
  button: HTMLButtonElement;
  note: HTMLElement;
  needs: Need[];
  what: string;
}

interface Pack {
  url: string;
  sha256: string;
  /** Bytes as they travel, and as they are used. */
  wire: number;
  bytes: number;
}

type Progress = (loaded: number, total: number) => void;
type Ended = "finished" | "stopped" | "time" | "output" | "crash";

/** How something is run, and who hears of it. */
interface Options {
  seconds?: number;
  /** Variables of the environment. */
  environ?: Record<string, string>;
  onStarted?: () => void;
  onOutput?: (text: string) => void;
  onProgress?: Progress;
  signal?: AbortSignal;
}

/** What a run came to; `tests`, `results` and others by its kind. */
interface Result {
  ok: boolean;
  output: string;
  milliseconds: number;
  ended: Ended;
  [key: string]: any;
}

/** A request to a live system: `path` begins under its address, with its query. */
interface Ask {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** `sql`: each statement with its milliseconds. */
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  sql: [string, number][];
  milliseconds: number;
}

/** A request that a live system has answered, for the log. */
type Entry = Pick<Ask, "method" | "path"> & Pick<Answer, "status" | "milliseconds" | "sql">;

/** Who may log in: by an address and a password, or with a token that is ready. */
type Login = { role: string; email?: string; password?: string; token?: string };

/** What a started system tells of itself. */
interface About {
  versions: Record<string, string>;
  logins: Login[];
}

/** What a button does once its module is loaded; `clicked` when the reader waits for it. */
type Begin = (place: Place, clicked: boolean) => Promise<void>;

/** Lines `from` to `to` of a file, from 1, as a block of the page shows them. */
interface Part {
  file: string;
  from: number;
  to: number;
  indent: string;
  text: string;
}

/** The inputs of a request by name; those of the name "" are lines of key=value. */
type Fields = Record<string, string>;

/** Where a lab takes requests, and ready-made ones. */
interface Target {
  path: string;
  label?: string;
  fields: Fields;
  ready: { label: string; fields: Fields }[];
}

interface Lab {
  program: string;
  flags: number;
  requests: Target[];
}

interface Exercise {
  name: string;
  stub: string;
  tests: string[];
  files: string[];
  needs: Need[];
  lab?: Lab;
}

/** A recorded command: the two lines it begins with, and what it printed. */
interface Command {
  head: string;
  argv: string[];
  needs: Need[];
  files: string[];
  body: string;
  /** The same on PostgreSQL, where the reader may choose. */
  postgresql?: Command;
}

/** `setup` is the file whose sections make the table. */
interface Lesson {
  path: string;
  files: Record<string, string>;
  parts: Part[];
  commands: Command[];
  exercises: Exercise[];
  setup: string;
}

/** What the lesson said when the reader edited, and what they made of it. */
interface Draft {
  was: string;
  now: string;
}

/** To or from the sandbox's worker. */
interface Message {
  kind: string;
  [key: string]: any;
}

/** One test of a judged exercise. */
interface Test {
  name: string;
  outcome: string;
  message: string;
}

/** A statement of SQL without its semicolon, and the line it begins in. */
interface Statement {
  text: string;
  line: number;
}

/** What PostgreSQL answered to one statement; values as it writes them. */
interface Rows {
  statement: string;
  columns: { name: string; type: number }[];
  rows: (string | null)[][];
  tag: string;
  error?: Record<string, string>;
}

/** A statement to send, for `of` of the reader's or the lesson's. */
interface Step {
  sql: string;
  of?: Statement;
  plan?: boolean;
}

/** A node of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON). */
interface PlanNode {
  [key: string]: any;
  Plans?: PlanNode[];
}

/** What the statements gave in one state of the table. */
interface State {
  name: string;
  shows: Map<Statement, { plan?: PlanNode; rows?: Rows }>;
}

/** What a box to edit in is asked for; `first` is the number of its first line. */
interface Wish {
  text: string;
  file: string;
  first: number;
  label: string;
  changed: (text: string) => void;
}

/** A box to edit in. */
interface Field {
  box: HTMLElement;
  focus: () => void;
  set: (text: string) => void;
}
