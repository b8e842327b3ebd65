// The agent's words before they are sent, and the suggestion they began as.

import { useState } from "react";
import { openPlaceholders } from "../../components";
import type { Suggestion } from "./talk";

export interface Basis {
  suggestion: Suggestion;
  digit: number;
  /** Whether the service knows the suggestion, so that it can be told what became of it. */
  kept: boolean;
  /** As it was put into the field. */
  text: string;
  /** What stood in the field before. */
  before: string;
}

export interface Draft {
  text: string;
  basis: Basis | null;
  /** Placeholders that still stand in the text. */
  unfilled: string[];
  /** The person was told of them and may send all the same. */
  warned: boolean;
  write: (text: string) => void;
  insert: (suggestion: Suggestion, digit: number, kept: boolean) => void;
  takeBack: () => void;
  send: () => void;
}

export function useDraft(onSend: (text: string, basis: Basis | null) => void): Draft {
  const [text, setText] = useState("");
  const [basis, setBasis] = useState<Basis | null>(null);
  const [warned, setWarned] = useState(false);
  const unfilled = basis ? openPlaceholders(basis.text, basis.suggestion.slots).filter((placeholder) => text.includes(placeholder)) : [];
  const clear = () => {
    setText("");
    setBasis(null);
    setWarned(false);
  };
  return {
    text,
    basis,
    unfilled,
    warned: warned && unfilled.length > 0,
    write: (next) => {
      setText(next);
      setWarned(false);
      // Whoever empties the field begins anew.
      if (next.trim() === "") setBasis(null);
    },
    insert: (suggestion, digit, kept) => {
      setBasis({ suggestion, digit, kept, text: suggestion.text, before: basis ? basis.before : text });
      setText(suggestion.text);
      setWarned(false);
    },
    takeBack: () => {
      if (!basis) return;
      setText(basis.before);
      setBasis(null);
      setWarned(false);
    },
    send: () => {
      const words = text.trim();
      if (words === "") return;
      if (unfilled.length > 0 && !warned) {
        setWarned(true);
        return;
      }
      onSend(words, basis);
      clear();
    },
  };
}
