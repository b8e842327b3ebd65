// Keeps the page from scrolling behind a dialog. Stands in for Ant Design's own way (vite.config.ts), which the page's policy refuses.

import { useLayoutEffect } from "react";

let locks = 0;

export default function useScrollLock(lock?: boolean) {
  useLayoutEffect(() => {
    if (!lock) return undefined;
    const { documentElement: page, body } = document;
    locks += 1;
    if (locks === 1) {
      // The scroll bar's place stays empty, so that nothing moves aside.
      body.style.paddingRight = `${window.innerWidth - page.clientWidth}px`;
      page.style.overflow = "hidden";
    }
    return () => {
      locks -= 1;
      if (locks > 0) return;
      page.style.overflow = "";
      body.style.paddingRight = "";
    };
  }, [lock]);
}
