// Server-sent events as a hook. The browser connects again by itself after a break; a stream that has said its last word is closed here.

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

/** Follows one stream as long as its component is on the page. `T` is what the API promises of the event's data. */
export function useServerEvents<T>({ url, event, onEvent, isLast }: Stream<T>): StreamState {
  const [state, setState] = useState<{ of: string | null; is: StreamState }>({ of: null, is: "connecting" });
  const receive = useEffectEvent((message: MessageEvent<string>, close: () => void) => {
    const data = JSON.parse(message.data) as T;
    onEvent(data);
    if (isLast?.(data)) {
      close();
      setState({ of: url, is: "ended" });
    }
  });
  useEffect(() => {
    if (url === null) return undefined;
    const source = new EventSource(url);
    source.addEventListener("open", () => setState({ of: url, is: "open" }));
    source.addEventListener("error", () => setState({ of: url, is: "broken" }));
    source.addEventListener(event, (message: MessageEvent<string>) => receive(message, () => source.close()));
    return () => source.close();
  }, [url, event]);
  return state.of === url ? state.is : "connecting";
}
