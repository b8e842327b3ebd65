/** Copies a text. Frames mostly lack the permission for the clipboard's own interface; the old command needs none but the click or key. */
export async function copyText(text: string): Promise<void> {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "offscreen";
  document.body.append(area);
  const before = document.activeElement;
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- See above: there is no other way in such a frame.
  const copied = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!copied) await navigator.clipboard.writeText(text);
}
