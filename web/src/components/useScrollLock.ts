// Keeps the page from scrolling behind a dialog. Stands in for Ant Design's own way (vite.config.ts), which the page's policy refuses.

import { useLayoutEffect } from "react";

let locks = 0;

export default function useScrollLock(lock?: boolean) {
  useLayoutEffect(() => {
    if (!lock) return undefined;
    locks += 1;
    document.body.classList.add("scroll-locked");
    return () => {
      locks -= 1;
      if (locks === 0) document.body.classList.remove("scroll-locked");
    };
  }, [lock]);
}
