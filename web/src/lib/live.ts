/** One object as the live stream sends it. */
export interface LiveEntity {
  id: string;
  type: string;
  space: string;
  name: string;
  /** Longitude and latitude, degrees. */
  g: [number, number] | null;
  /** Current values by attribute. */
  v: Record<string, number | string | boolean>;
  /** Epoch milliseconds of the newest observation. */
  t: number;
  /** Worst ratio to the norm. */
  r: number | null;
  /** Severity or status. */
  s: string | null;
  /** What an alert or task is about: its kind, or the step of its process; `kinds` of its layer has the words. */
  k?: string;
  sim?: boolean;
}

export interface Batch {
  entities: LiveEntity[];
  removed: string[];
  /** The first batch after a snapshot replaces everything. */
  whole: boolean;
}

export type StreamState = "connecting" | "live" | "reconnecting";

/**
 * Follows the live stream. Batches are gathered and handed over once per animation frame; the browser reconnects by
 * itself, and a stream that it gave up on is opened again with growing pauses.
 */
export class LiveStream {
  private source: EventSource | undefined;
  private snapshot: LiveEntity[] | undefined;
  private pending: Batch | undefined;
  private failures = 0;
  private timer = 0;
  lastMessage = 0;

  constructor(
    private readonly url: string,
    private readonly onBatch: (batch: Batch) => void,
    private readonly onState: (state: StreamState) => void,
  ) {}

  open(): void {
    this.onState(this.failures ? "reconnecting" : "connecting");
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => {
      this.snapshot = undefined;
    };
    source.onerror = () => {
      this.onState("reconnecting");
      if (source.readyState === EventSource.CLOSED) this.retry();
    };
    source.addEventListener("snapshot", (e) => {
      this.heard();
      (this.snapshot ??= []).push(...(parse(e).entities ?? []));
    });
    source.addEventListener("ready", () => {
      this.heard();
      this.failures = 0;
      this.onState("live");
      this.push({ entities: this.snapshot ?? [], removed: [], whole: true });
      this.snapshot = undefined;
    });
    source.addEventListener("update", (e) => {
      this.heard();
      const message = parse(e);
      this.push({ entities: message.entities ?? [], removed: message.removed ?? [], whole: false });
    });
  }

  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
  }

  private heard(): void {
    this.lastMessage = Date.now();
  }

  private retry(): void {
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.open(), Math.min(30_000, 1000 * 2 ** this.failures));
  }

  private push(batch: Batch): void {
    if (!this.pending) {
      this.pending = batch;
      // A hidden tab gets no animation frames; its batches go on being merged and are applied when it is looked at.
      requestAnimationFrame(() => {
        const merged = this.pending;
        this.pending = undefined;
        if (merged) this.onBatch(merged);
      });
      return;
    }
    this.pending = batch.whole ? batch : merge(this.pending, batch);
  }
}

function merge(a: Batch, b: Batch): Batch {
  const entities = new Map(a.entities.map((e) => [e.id, e]));
  const removed = new Set(a.removed);
  for (const e of b.entities) {
    entities.set(e.id, e);
    removed.delete(e.id);
  }
  for (const id of b.removed) {
    entities.delete(id);
    removed.add(id);
  }
  return { entities: [...entities.values()], removed: [...removed], whole: a.whole };
}

function parse(event: Event): { entities?: LiveEntity[]; removed?: string[] } {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as { entities?: LiveEntity[]; removed?: string[] };
  } catch {
    return {};
  }
}
