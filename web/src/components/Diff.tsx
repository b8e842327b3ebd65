// The way from one wording to another, as the service computed it. Colour alone says nothing: what went is struck, what came is underlined.

import type { Schemas } from "../api/client";

export function Diff({ pieces, asList = false }: { pieces: Schemas["EntryPiece"][]; asList?: boolean }) {
  const marked = pieces.map((piece, place) => {
    const key = `${place}-${piece.kind}`;
    if (piece.kind === "added") return <ins key={key}>{piece.text}</ins>;
    if (piece.kind === "removed") return <del key={key}>{piece.text}</del>;
    return <span key={key}>{piece.text}</span>;
  });
  if (!asList) return <div className="diff">{marked}</div>;
  return (
    <ul className="diff">
      {marked.map((piece) => (
        <li key={piece.key}>{piece}</li>
      ))}
    </ul>
  );
}
