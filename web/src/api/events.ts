// Server-sent events as hooks. The browser connects again by itself after a break and names the last event it saw; a stream that has said
// its last word is closed here.

import { useEffect, useEffectEvent, useState } from "react";

export type StreamState = "connecting" | "open" | "broken" | "ended";

interface Stream<T> {
  /** Where to listen; `null` while there is nothing to listen to. */
  url: string | null;
  /** The event's name. */
  event: string;
  onEvent: (data: T) => void;
  /** Whether this was the last event. */
  isLast?: (data: T) => boolean;
}

/** Follows one kind of event as long as its component is on the page. `T` is what the API promises of the event's data. */
export function useServerEvents<T>({ url, event, onEvent, isLast }: Stream<T>): StreamState {
  return useEventStream<Record<string, T>>(url, { [event]: onEvent }, { isLast: (data) => isLast?.(data) ?? false });
}

/** How long a refused stream is left alone before it is asked for again. */
const AGAIN_AFTER = 3000;

interface More<T> {
  isLast?: (data: T) => boolean;
  /** The stream is there (again): what it may have missed can be asked for. */
  onOpen?: () => void;
}

/** Follows several kinds of event of one stream: `useEventStream<{ message: M; withdrawn: W }>(url, { message: …, withdrawn: … })`. */
export function useEventStream<Events extends object>(url: string | null, handlers: { [Name in keyof Events]: (data: Events[Name]) => void }, more: More<Events[keyof Events]> = {}): StreamState {
  const [state, setState] = useState<{ of: string | null; is: StreamState }>({ of: null, is: "connecting" });
  const names = Object.keys(handlers).sort().join(" ");
  const receive = useEffectEvent((name: keyof Events, message: MessageEvent<string>, close: () => void) => {
    const data = JSON.parse(message.data) as Events[keyof Events];
    handlers[name](data);
    if (more.isLast?.(data)) {
      close();
      setState({ of: url, is: "ended" });
    }
  });
  const opened = useEffectEvent(() => {
    setState({ of: url, is: "open" });
    more.onOpen?.();
  });
  useEffect(() => {
    if (url === null) return undefined;
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      const current = new EventSource(url);
      source = current;
      current.addEventListener("open", () => opened());
      current.addEventListener("error", () => {
        setState({ of: url, is: "broken" });
        // The browser gives up on any answer but 200, such as that of a service that is starting.
        if (current.readyState === EventSource.CLOSED) again = setTimeout(connect, AGAIN_AFTER);
      });
      for (const name of names.split(" ")) current.addEventListener(name, (message: MessageEvent<string>) => receive(name as keyof Events, message, () => current.close()));
    };
    connect();
    return () => {
      clearTimeout(again);
      source?.close();
    };
  }, [url, names]);
  return state.of === url ? state.is : "connecting";
}
