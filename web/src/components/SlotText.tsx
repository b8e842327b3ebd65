// A reply with its placeholders marked: filled ones stand for values of the live conversation, open ones are left for the agent.

import { useI18n } from "../i18n";
import type { Schemas } from "../api/client";

type Slot = Schemas["Slot"];

export interface Piece {
  text: string;
  slot: Slot | null;
}

/** Places are counted in Unicode scalar values, not in the units of a JavaScript string. */
export function pieces(text: string, slots: Slot[]): Piece[] {
  const characters = Array.from(text);
  const found: Piece[] = [];
  let done = 0;
  for (const slot of [...slots].sort((a, b) => a.start - b.start)) {
    if (slot.start < done || slot.end > characters.length || slot.end <= slot.start) continue;
    if (slot.start > done) found.push({ text: characters.slice(done, slot.start).join(""), slot: null });
    found.push({ text: characters.slice(slot.start, slot.end).join(""), slot });
    done = slot.end;
  }
  if (done < characters.length) found.push({ text: characters.slice(done).join(""), slot: null });
  return found;
}

/** Placeholders of the text that still want a value, in order. */
export const openPlaceholders = (text: string, slots: Slot[]): string[] => pieces(text, slots).flatMap((piece) => (piece.slot && !piece.slot.filled ? [piece.text] : []));

export function SlotText({ text, slots }: { text: string; slots: Slot[] }) {
  const { t } = useI18n();
  return (
    <span className="slot-text">
      {pieces(text, slots).map((piece, place) =>
        piece.slot === null ? (
          <span key={place}>{piece.text}</span>
        ) : (
          <mark
            key={place}
            className={piece.slot.filled ? "slot slot-filled" : "slot slot-open"}
            title={t(piece.slot.filled ? "common.slotFilled" : "common.slotOpen", { name: piece.slot.name })}
            data-testid={piece.slot.filled ? "slot-filled" : "slot-open"}
          >
            {piece.text}
          </mark>
        ),
      )}
    </span>
  );
}
